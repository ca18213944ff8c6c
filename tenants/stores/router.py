"""
Which database a query goes to: telemetry to the bound project's file, all else to the control database.

https://docs.djangoproject.com/en/5.2/topics/db/multi-db/#automatic-database-routing
"""

from typing import Any

from django.db import models

from tenants.stores.binding import WrongProject, bound_alias
from tenants.stores.project_file import ALIAS_PREFIX, STORE_APP


class ProjectRouter:
    """Loud when telemetry is used with no project bound, or a row of one project while another is."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        """The bound project's alias for telemetry; no opinion on the rest."""
        if model._meta.app_label != STORE_APP:
            return None
        alias = bound_alias()
        instance = hints.get("instance")
        home = instance._state.db if isinstance(instance, models.Model) else None
        if home is not None and home != alias:
            raise WrongProject(f"{model.__name__} of {home} used while {alias} is bound.")
        return alias

    db_for_write = db_for_read

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        """Rows relate only inside one database."""
        return (obj1._meta.app_label == STORE_APP) == (obj2._meta.app_label == STORE_APP)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Telemetry tables exist in project files only, all others in the control database only."""
        return (app_label == STORE_APP) == db.startswith(ALIAS_PREFIX)
