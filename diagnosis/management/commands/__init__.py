"""The management commands of diagnosis; `manage.py <name>` runs the module of that name."""
