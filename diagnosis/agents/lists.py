"""A page of a list of the HTTP API as an answer that fits into a budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnosis.agents import budget
from diagnosis.agents.api_calls import Api
from diagnosis.agents.store_gaps import gaps_of_window

A_PAGE = 100  # rows that are asked for; fewer of them fit

JsonObject = dict[str, Any]
Read = Callable[[JsonObject], JsonObject]  # the API's answer to a query
Shape = Callable[[JsonObject], tuple[JsonObject, str, list[Any]]]  # facts, the name of the rows, and the rows


def rows_shape(name: str, line: Callable[[JsonObject], Any]) -> Shape:
    """The shape of an answer that is the list of that name, with each row in short."""
    return lambda page: ({}, name, [line(row) for row in page[name]])


def listed(api: Api, read: Read, query: JsonObject, tokens: int, shape: Shape) -> JsonObject:
    """
    The answer with as many rows of the list as fit, and the cursor of the next one.

    Args:
        read: reads a page of the list with the query and a limit.
        shape: makes the answer of a page.
    """
    page = read({"limit": A_PAGE} | query)
    facts, name, rows = shape(page)
    gaps = gaps_of_window(api, page["window"]) if "window" in page else {}
    answer, count, left_out = budget.with_rows(facts, name, rows, tokens, gaps)
    cursor = page["next_cursor"]
    if count < len(rows):
        cursor = read(query | {"limit": count})["next_cursor"]
    total = count if cursor is None and query.get("cursor") is None else None
    following = {"cursor": cursor} if cursor else None
    return budget.with_completeness(
        answer,
        shown=count,
        total=total,
        left_out=left_out,
        following=following,
        gaps=budget.fitting_gaps(gaps, tokens),
    )
