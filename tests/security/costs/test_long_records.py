"""Records may be long, and a page of them is bounded in bytes as well as in number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.agents import budget, tool_words
from diagnosis.display import visible_json
from telemetry.reads import record_pages
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, store

LONG = {"a": "x" * 100_000, "session.id": "s1"}


ATTRIBUTES = {"long": LONG, "hidden": {"a": "\x01" * 15_000, "session.id": "s1"}}


@pytest.mark.parametrize("path", ["/v1/telemetry?since_minutes=60", "/v1/sessions/s1?since_minutes=60"])
@pytest.mark.parametrize("attributes", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_pages_of_long_records_are_short_and_all_are_read(
    alice: MintedProject,
    call: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    attributes: dict[str, str],
) -> None:
    bound(monkeypatch, 250_000)
    now = datetime.now(UTC)
    sent = [
        span(f"s{n}", trace="t", id=f"i{n}", at=now - minutes(n + 1), attributes=attributes) for n in range(7)
    ]
    store(alice.project, sent, now)

    pages = list(pages_of(call, path, alice.keys["agent"]))

    assert len(pages) > 2
    assert all(len(page.content) < 600_000 for page in pages)
    found = [record["record_id"] for page in pages for record in page.json()["records"]]
    assert len(found) == len(set(found)) == 7


def test_a_page_counts_the_resource_of_each_record(
    alice: MintedProject, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, 50_000)
    now = datetime.now(UTC)
    sent = [span(f"s{n}", trace="t", id=f"i{n}", at=now - minutes(n + 1)) for n in range(7)]
    store(alice.project, sent, now, resource={"service.name": "shop", "a": "x" * 15_000})

    pages = list(pages_of(call, "/v1/telemetry?since_minutes=60", alice.keys["agent"]))

    assert len(pages) > 1
    assert all(len(page.content) < 120_000 for page in pages)


def bound(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Bound pages by so many bytes."""
    monkeypatch.setattr(record_pages, "MOST_BYTES", most)
    monkeypatch.setattr(record_pages, "LONG", most // 10)


def pages_of(call: Callable[..., Any], path: str, key: str) -> Iterator[Any]:
    """The pages of five records, until there are no more."""
    cursor = ""
    while cursor is not None:
        page = call("GET", f"{path}&limit=5{cursor and '&cursor=' + cursor}", key)
        cursor = page.json()["next_cursor"]
        yield page


def test_a_tool_looks_at_no_row_behind_those_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    visible = tool_words.visible
    monkeypatch.setattr(tool_words, "visible", lambda value: seen.append(value) or visible(value))
    rows = [{"text": {"value": "\u202e" * 300}} for _ in range(100)]

    _, count, _ = budget.with_rows({"said": "first"}, "rows", rows, 2_000)

    assert 1 <= count < 10
    assert len(seen) <= count + 2  # what is said first, and the row that does not fit


def test_escapes_that_hide_nothing_are_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    visible_escapes = visible_json.visible_escapes
    monkeypatch.setattr(
        visible_json, "visible_escapes", lambda run: looked_at.append(run[0]) or visible_escapes(run)
    )

    shown = visible_json.visible_json(rb'["' + rb"\"\\\\\n\t\\\\u0001" * 1000 + rb'\u0001"]')

    assert looked_at == [r"\u0001"]
    assert shown.count(b"U+0001") == 1
