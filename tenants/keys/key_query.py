"""
Look up a key and its project by digest, in one SQL statement whose text is built once per process.

Every request does this lookup, and building the query with the ORM takes ten times as long as running it.
https://docs.djangoproject.com/en/5.2/ref/models/instances/#customizing-model-loading
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models

from tenants.models import Key, Project

M = TypeVar("M", bound=models.Model)


def find_key(digest: str) -> Key | None:
    """Return the key with this digest, its project loaded, or None."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(key_statement(), [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    end = len(Key._meta.concrete_fields)
    key = instance(Key, row[:end])
    key.project = instance(Project, row[end:])
    return key


@lru_cache(maxsize=1)
def key_statement() -> str:
    """The SELECT statement for all columns of a key and its project, with the digest as its parameter."""
    columns = [
        f"{model._meta.db_table}.{field.column}"
        for model in (Key, Project)
        for field in model._meta.concrete_fields
    ]
    key, project = Key._meta.db_table, Project._meta.db_table
    return (
        f"SELECT {', '.join(columns)} FROM {key} "  # noqa: S608  (table and column names of our own models)
        f"JOIN {project} ON {project}.project_id = {key}.project_id WHERE {key}.digest = %s"
    )


def instance(model: type[M], values: Sequence[Any]) -> M:
    """The model instance that the ORM would load from these column values."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = model._meta.concrete_fields
    field_values = list(values)
    for index, expression, converters in converting(model):
        for convert in converters:
            field_values[index] = convert(field_values[index], expression, connection)
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], field_values)


@lru_cache(maxsize=2)
def converting(model: type[models.Model]) -> list[tuple[int, Any, list[Callable[..., Any]]]]:
    """
    The fields whose column value must be converted (times, JSON): index, column expression, converters.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    conversions = []
    for index, field in enumerate(model._meta.concrete_fields):
        expression = field.get_col(model._meta.db_table)
        converters = connection.ops.get_db_converters(expression) + expression.get_db_converters(connection)
        if converters:
            conversions.append((index, expression, converters))
    return conversions
