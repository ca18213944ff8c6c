"""Who: tenants, projects, keys."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Registers the checks that keep the two kinds of store apart, and who hears of people signing in."""

    name = "tenants"

    def ready(self) -> None:
        """Checks, the OpenAPI names of the key schemes and receivers of signals register themselves on import."""
        from tenants.api import openapi  # noqa: F401
        from tenants.audit import sign_ins  # noqa: F401
        from tenants.stores import checks  # noqa: F401
