"""graphkit: who transitively pulled a compromised release, when, by which path, on what evidence."""
