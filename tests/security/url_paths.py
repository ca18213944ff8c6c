"""Every path of the URL configuration, with values in place of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from tests.test_isolation import patterns

PARAMETER = re.compile(r"<(?:\w+:)?\w+>")


def filled_paths(value: str = "1") -> list[str]:
    """Every path, with this value for each parameter."""
    return sorted({"/" + PARAMETER.sub(value, without_regex(route)) for route in patterns()})


def without_regex(route: str) -> str:
    """The route without the signs of a regular expression, which the admin uses for two of its own."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).replace("^", "").replace("$", "")


def admin_paths(rows: dict[type[Model], list[str]]) -> Iterator[str]:
    """Every path of the admin, with each row of the model that the path is about."""
    names = {
        f"admin/{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry
    }
    by_slug = {"loop_id": "Loop", "project_id": "Project"}
    for route in sorted({without_regex(route) for route in patterns() if route.startswith("admin/")}):
        found = next((model for prefix, model in names.items() if route.startswith(prefix)), None)
        slug = next((model for name, model in by_slug.items() if name in route), "")
        pks = [pk for model, keys in rows.items() if model == found or model.__name__ == slug for pk in keys]
        if "content_type_id" in route:
            for model, keys in rows.items():
                yield from (f"/admin/r/{ContentType.objects.get_for_model(model).pk}/{pk}/" for pk in keys)
        else:
            yield from dict.fromkeys("/" + PARAMETER.sub(pk, route) for pk in pks or ["tenants"])
