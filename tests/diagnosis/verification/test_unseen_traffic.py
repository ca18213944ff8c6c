"""A verification says what it does not see, and when the quota has no room for the traffic that it still needs."""

from __future__ import annotations

from typing import Any

from diagnosis.verification.verify import verify
from tests.diagnosis.shipped_loop import SHIPPED, after
from tests.telemetry.factory import minutes, span, store


def stored_spans(document: dict[str, Any]) -> int:
    """The spans on both sides of a verification of which every span counts."""
    return int(document["before"]["exposure"]) + int(document["after"]["exposure"])


def test_a_quota_with_no_room_for_what_is_needed_is_told(alice, loop, send):
    send(SHIPPED, ok=8)
    alice.project.quota_spans = loop.project.quota_spans = 60

    document = verify(loop, after(1)).document

    assert (document["verdict"], stored_spans(document)) == ("inconclusive", 58)
    assert document["needed_exposure"] > 2
    assert (document["quota_left"], document["quota_needed"]) == (2, document["needed_exposure"])
    assert document["quota_note"] == (
        f"The project's quota has room for 2 more spans, and about {document['needed_exposure']} are needed for a "
        "verdict: ask the operator for more spans (/contact.json), or send those of this operation alone."
    )


def test_other_spans_of_the_window_are_part_of_what_is_needed(alice, loop, send):
    others = [span("other", trace=f"other {n}", id=n, at=SHIPPED - minutes(60)) for n in range(150)]
    store(alice.project, others, SHIPPED - minutes(60))
    send(SHIPPED, ok=8)
    loop.project.quota_spans = 5000

    document = verify(loop, after(1)).document

    assert document["quota_needed"] == 4 * document["needed_exposure"]
    assert document["quota_note"] is None


def test_without_a_quota_nothing_is_said(loop, send):
    send(SHIPPED, ok=8)
    loop.project.quota_spans = None

    document = verify(loop, after(1)).document

    assert (document["quota_left"], document["quota_needed"], document["quota_note"]) == (None, None, None)


def test_spans_that_were_refused_since_the_fix_are_named(alice, loop, send):
    send(SHIPPED, ok=8)
    store(alice.project, [span(at=SHIPPED) | {"spanId": ""} for _ in range(3)], SHIPPED + minutes(5))

    document = verify(loop, after(1)).document

    assert document["unseen"] == [{"reason": "invalid span_id", "count": 3, "unit": "spans"}]
    assert "3 spans without a valid span id" in document["unseen_note"]
