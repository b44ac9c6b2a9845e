"""What conda, conda-lock and pixi write: lists, environment files and locks."""
