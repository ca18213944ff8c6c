"""Records may be long, and a page of them is bounded in bytes as well as in number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.agents import budget, tool_words
from diagnosis.display import visible_json
from telemetry.reads import record_pages
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, store

LONG = {"a": "x" * 100_000, "session.id": "s1"}


@pytest.mark.parametrize("path", ["/v1/telemetry?since_minutes=60", "/v1/sessions/s1?since_minutes=60"])
def test_pages_of_long_records_are_short_and_all_are_read(
    alice: MintedProject, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(record_pages, "MOST_BYTES", 250_000)
    now = datetime.now(UTC)
    sent = [span(f"s{n}", trace="t", id=f"i{n}", at=now - minutes(n + 1), attributes=LONG) for n in range(7)]
    store(alice.project, sent, now)

    found: list[str] = []
    cursor = ""
    for _ in range(10):
        page = call("GET", f"{path}&limit=5{cursor}", alice.keys["agent"])
        assert len(page.content) < 400_000
        answer = page.json()
        found += [record["record_id"] for record in answer["records"]]
        if not answer["next_cursor"]:
            break
        cursor = f"&cursor={answer['next_cursor']}"

    assert len(found) == len(set(found)) == 7


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
    shown_escape = visible_json.shown_escape
    monkeypatch.setattr(
        visible_json, "shown_escape", lambda escape: looked_at.append(escape) or shown_escape(escape)
    )

    shown = visible_json.visible_json(rb'["' + rb"\"\\\\\n\t\\\\u0001" * 1000 + rb'\u0001"]')

    assert looked_at == [r"\u0001"]
    assert shown.count(b"U+0001") == 1
