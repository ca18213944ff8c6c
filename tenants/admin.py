"""What the admin shows of tenants: tenants and projects, keys, users, the audit log. Each registers itself."""

from tenants.console import audit, keys, projects, users  # noqa: F401
