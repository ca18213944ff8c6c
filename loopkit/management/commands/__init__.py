"""Commands of `manage.py`, one per file, named by the file."""
