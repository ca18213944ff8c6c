"""
A key and its project by digest, in one statement whose text is made once.

Every request looks its key up, and the ORM composes such a query in ten times the time that the database takes to
answer it. https://docs.djangoproject.com/en/5.2/ref/models/instances/#customizing-model-loading
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models

from tenants.models import Key, Project

M = TypeVar("M", bound=models.Model)


def find(digest: str) -> Key | None:
    """The key with its project, or None."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement(), [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    end = len(Key._meta.concrete_fields)
    key = instance(Key, row[:end])
    key.project = instance(Project, row[end:])
    return key


@lru_cache(maxsize=1)
def statement() -> str:
    """All columns of both tables."""
    selected = [
        f"{model._meta.db_table}.{field.column}"
        for model in (Key, Project)
        for field in model._meta.concrete_fields
    ]
    key, project = Key._meta.db_table, Project._meta.db_table
    return (
        f"SELECT {', '.join(selected)} FROM {key} "  # noqa: S608  (names of our own models)
        f"JOIN {project} ON {project}.project_id = {key}.project_id WHERE {key}.digest = %s"
    )


def instance(model: type[M], values: Sequence[Any]) -> M:
    """The row as the ORM would load it."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = model._meta.concrete_fields
    plain = list(values)
    for index, expression, converters in converting(model):
        for convert in converters:
            plain[index] = convert(plain[index], expression, connection)
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], plain)


@lru_cache(maxsize=2)
def converting(model: type[models.Model]) -> list[tuple[int, Any, list[Callable[..., Any]]]]:
    """What turns a column's value into the field's, where they differ (times, JSON)."""
    connection = connections[DEFAULT_DB_ALIAS]
    found = []
    for index, field in enumerate(model._meta.concrete_fields):
        expression = field.get_col(model._meta.db_table)
        converters = connection.ops.get_db_converters(expression) + expression.get_db_converters(connection)
        if converters:
            found.append((index, expression, converters))
    return found
