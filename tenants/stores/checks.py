"""A check of `manage.py check` that refuses relations between the control database and a project's file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.checks import Error, register
from django.db import models

from tenants.stores.project_file import STORE_APP


def crossings() -> Iterable[models.Field[Any, Any]]:
    """Yield every relation between a model in the control database and one in a project's file."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not isinstance(field, models.Field) or not isinstance(target, type):
                continue
            if issubclass(target, models.Model) and in_store(model) != in_store(target):
                yield field


def in_store(model: type[models.Model]) -> bool:
    """Whether the model's rows are stored in a project's file."""
    return model._meta.app_label == STORE_APP


@register
def no_relation_leaves_a_database(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Return an error loopkit.E001 for each relation that leaves its database."""
    return [
        Error(
            f"{field.model.__name__}.{field.name} points out of its database.",
            hint="Store an id made by the app in a plain column.",
            obj=field.model,
            id="loopkit.E001",
        )
        for field in crossings()
    ]
