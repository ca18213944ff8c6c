"""Who: tenants, projects, keys."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Registers the checks that keep the two kinds of store apart."""

    name = "tenants"

    def ready(self) -> None:
        """Checks and the OpenAPI names of the key schemes register themselves on import."""
        from tenants import checks, openapi  # noqa: F401
