"""The admins of tenants, projects, keys, users and the audit log, which register themselves on import."""

from tenants.console import audit, keys, projects, users  # noqa: F401
