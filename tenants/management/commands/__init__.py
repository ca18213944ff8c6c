"""One command a file: `manage.py <its name>`."""
