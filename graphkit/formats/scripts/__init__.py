"""Files that run installers, searched for the packages that their commands name. Nothing is ever run."""
