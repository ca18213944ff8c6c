"""The app of tenants, projects and keys."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Configures the app: system checks, receivers of sign-in signals, OpenAPI names of the key schemes."""

    name = "tenants"

    def ready(self) -> None:
        """Import the modules that register themselves on import."""
        from tenants.api import openapi  # noqa: F401
        from tenants.audit import sign_ins  # noqa: F401
        from tenants.stores import checks, sqlite_backend  # noqa: F401
