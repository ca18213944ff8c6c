"""A page of a list of the HTTP API as the answer of a tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnosis.agents import budget
from diagnosis.agents.api_calls import Api

A_PAGE = 100  # rows that are asked for; fewer of them fit

JsonObject = dict[str, Any]
Shape = Callable[[JsonObject], tuple[JsonObject, str, list[Any]]]  # facts, the name of the rows, and the rows


def listed(
    api: Api,
    path: tuple[str, str | None],
    query: JsonObject,
    name: str,
    line: Callable[[JsonObject], Any],
    tokens: int,
    shape: Shape | None = None,
) -> JsonObject:
    """
    The answer with as many lines of the list as fit, and the cursor of the next one.

    Args:
        path: its name, and what it is about.
        name: what the API calls the rows.
        line: a row in short.
        shape: makes the whole answer of a page, where it is more than lines.
    """
    page = api.get(*path, **query, limit=A_PAGE)
    facts, shown_as, rows = shape(page) if shape else ({}, name, [line(row) for row in page[name]])
    answer, count = budget.with_rows(facts, shown_as, rows, tokens)
    cursor = page["next_cursor"]
    if count < len(rows):
        cursor = api.get(*path, **query, limit=count)["next_cursor"]
    total = count if cursor is None and query.get("cursor") is None else None
    following = {"cursor": cursor} if cursor else None
    return budget.with_completeness(answer, shown=count, total=total, following=following)
