"""The evidence of one loop's page over HTTP: a failure beside a healthy record, its trace, and what strangers wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import QUEUE, bulk, page_of, text
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import Reader
from tests.telemetry.factory import minutes, record_id, span, store

BIDI, TAG = "\u202eevil\u202c", "\U000e0041"
NASTY = (
    f'"><script>alert(1)</script><a href="https://evil.example/">x</a> {BIDI} \x1b[2J{TAG} {{{{ 7|add:7 }}}}'
)


def failing(name: str = "failing", after: float = 0, **fields: Any) -> dict[str, Any]:
    """A tool call that failed inside a turn."""
    at = NOW + minutes(after)
    return span(
        "execute_tool lookup", trace=name, id=name, parent="turn", at=at, **{"error": "boom"} | fields
    )


def send(minted: MintedProject, *spans: dict[str, Any], **resource: str) -> Loop:
    """Store these; a loop whose evidence are those of them that failed."""
    store(minted.project, spans, NOW, {"service.name": "shop"} | resource)
    return make_loop(minted.project, evidence_ids=[record_id(one) for one in spans if "status" in one])


def test_the_failing_record_stands_beside_a_healthy_one_and_differences_are_told_in_words(
    boss: Client, alice: MintedProject
) -> None:
    loop = send(
        alice,
        failing(attributes={"region": "eu", "same": "in both"}),
        failing("healthy", 1, error="", attributes={"region": "us", "same": "in both", "cache": "hit"}),
    )

    page = text(boss.get(page_of(loop)))

    assert "beside a healthy one of the same operation" in page
    for row in (
        '<th scope="row">attributes.region</th><td class="lk-mark">≠ differs</td><td class="lk-mine">eu</td>',
        '<th scope="row">message</th><td class="lk-mark">+ healthy lacks it</td><td class="lk-mine">boom</td>',
        '<th scope="row">attributes.cache</th><td class="lk-mark">− only healthy</td>',
    ):
        assert row in page
    assert '<th scope="row">attributes.same</th><td>in both</td>' in page.split("equal in both</summary>")[1]


def test_each_failing_record_can_be_chosen_by_a_link(boss: Client, alice: MintedProject) -> None:
    first, second = failing(), failing("second", 1, error="crash")
    loop = send(alice, first, second)
    page = Reader(boss.get(page_of(loop)))

    chosen = text(boss.get(page_of(loop) + f"?record={record_id(second)}"))

    assert f"?record={record_id(second)}#evidence" in page.links
    assert f'?record={record_id(second)}#evidence" aria-current="true"' in chosen
    assert '<td class="lk-mine">crash</td>' in chosen or "<td>crash</td>" in chosen


@pytest.mark.parametrize("asked", [f"rec_{'0' * 48}", "rec_x", "", "'><script>", "rec_" + "9" * 4000])
def test_a_record_that_is_not_there_is_no_error(boss: Client, alice: MintedProject, asked: str) -> None:
    loop = send(alice, failing())

    answer = boss.get(page_of(loop), {"record": asked, "row": "9" * 50})

    assert answer.status_code == 200
    assert not Reader(answer).forbidden


def test_a_record_of_another_project_is_not_there(
    boss: Client, alice: MintedProject, charlie: MintedProject
) -> None:
    theirs = failing("theirs", error="of charlie alone")
    store(charlie.project, [theirs], NOW)
    loop = send(alice, failing())

    page = text(boss.get(page_of(loop) + f"?record={record_id(theirs)}"))

    assert "not in the store any more" in page
    assert "of charlie alone" not in page


def test_the_trace_shows_the_failing_span_where_it_ran(boss: Client, alice: MintedProject) -> None:
    turn = span("POST /chat", trace="failing", id="turn", at=NOW - minutes(1), duration_ms=120_000)
    loop = send(alice, failing(duration_ms=30_000), turn)

    page = text(boss.get(page_of(loop)))

    assert "Spans 1 to 2 of 2" in page
    assert '<tr class="lk-failed lk-here">\n<th scope="row" class="lk-depth-1">' in page
    assert '<rect x="500" y="1" width="250" height="8">' in page
    assert "failed: error" in page


def test_a_long_trace_has_pages(boss: Client, alice: MintedProject) -> None:
    step = timedelta(milliseconds=10)
    others = [span(f"s{n}", trace="failing", id=n, at=NOW + n * step) for n in range(1, 250)]
    loop = send(alice, failing(), *others)
    rec = loop.issue["evidence_ids"][0]

    opened = Reader(boss.get(page_of(loop)))
    later = text(boss.get(page_of(loop), {"record": rec, "row": "100"}))

    assert f"?record={rec}&row=100#trace" in opened.links
    assert "Spans 101 to 200 of 250" in later


def test_what_strangers_wrote_is_text_and_nothing_in_it_is_hidden(boss: Client, alice: MintedProject) -> None:
    loop = send(
        alice,
        failing(
            name="failing",
            error=NASTY,
            attributes={NASTY: NASTY, "huge": "x" * 200_000, "deep": [[{NASTY: 1}]]},
        ),
        failing("healthy", 1, error=""),
        span(NASTY, trace="failing", id="turn", at=NOW),
        **{"service.version": NASTY},
    )
    loop.title = loop.issue["message"] = loop.issue["error_type"] = NASTY
    loop.issue["hints"] = [{"attribute": NASTY, "value": NASTY, "support": 1, "lift": 2.0}]
    loop.issue["echoes"] = {"records": 1, "operations": [NASTY]}
    loop.save()

    answer = boss.get(page_of(loop))

    page, read = text(answer), Reader(answer)
    assert read.forbidden == []
    assert not [link for link in read.links if "evil" in link]
    assert page.count("&lt;script&gt;alert(1)") > 8
    assert not set(page) & {"\u202e", "\u202c", "\x1b", TAG}
    assert "⟨U+202E⟩evil⟨U+202C⟩ ⟨U+001B⟩[2J⟨U+E0041⟩ {{ 7|add:7 }}" in page
    assert "cut: 200,000 characters in total" in page
    assert len(page) < 200_000


def test_a_title_cannot_be_reordered_in_the_queue(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project, title=f"tool {BIDI}")

    for page in (boss.get(QUEUE), bulk(boss, "reject_selected", loop)):
        assert "tool ⟨U+202E⟩evil⟨U+202C⟩" in text(page)


def test_the_agents_links_are_text(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project)
    loop.events.create(
        kind="pr_opened",
        actor="key_1",
        created_at=NOW,
        detail={"url": "https://evil.example/pr/7", "note": NASTY},
    )

    answer = boss.get(page_of(loop))

    assert "What the coding agent said" in text(answer)
    assert "https://evil.example/pr/7" in text(answer)
    assert not [link for link in Reader(answer).links if "evil" in link]


def test_a_suspected_release_and_a_place_in_the_code_are_said_where_the_issue_has_them(
    boss: Client, alice: MintedProject
) -> None:
    where = {"file": "shop/stock.py", "line": 12, "function": "take", "own": True}
    loop = make_loop(
        alice.project,
        suspected_release=f"2.0 {BIDI}",
        suspected_release_reason="Only {release} fails.",
        code_location=where,
        **{"with": {"text": {"release": f"2.0 {BIDI}"}}},
    )

    page = text(boss.get(page_of(loop)))

    shown = "<code>2.0 ⟨U+202E⟩evil⟨U+202C⟩</code>"
    assert f'{shown} Only <q class="lk-value">{shown}</q> fails.</dd>' in page
    assert "<code>shop/stock.py:12</code> in <code>take</code>" in page
    assert "Suspected release" not in text(boss.get(page_of(make_loop(alice.project, cluster=2))))
