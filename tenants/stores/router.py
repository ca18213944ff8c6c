"""
The database router: telemetry goes to the bound project's file, everything else to the control database.

https://docs.djangoproject.com/en/5.2/topics/db/multi-db/#automatic-database-routing
"""

from typing import Any

from django.db import models

from tenants.stores.binding import WrongProject, bound_alias
from tenants.stores.project_file import ALIAS_PREFIX, STORE_APP


class ProjectRouter:
    """
    Routes telemetry to the bound project's file.

    Raises ProjectNotBound if no project is bound, WrongProject for a row of another project than the bound one.
    """

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        """Return the bound project's alias for telemetry, None (no preference) for other models."""
        if model._meta.app_label != STORE_APP:
            return None
        alias = bound_alias()
        instance = hints.get("instance")
        row_alias = instance._state.db if isinstance(instance, models.Model) else None
        if row_alias is not None and row_alias != alias:
            raise WrongProject(f"{model.__name__} of {row_alias} was used while {alias} is bound.")
        return alias

    db_for_write = db_for_read

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        """Allow relations only between rows of the same database."""
        return (obj1._meta.app_label == STORE_APP) == (obj2._meta.app_label == STORE_APP)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Allow telemetry tables in project files only, all other tables in the control database only."""
        return (app_label == STORE_APP) == db.startswith(ALIAS_PREFIX)
