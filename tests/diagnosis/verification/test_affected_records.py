"""A fix that held is watched in the few records that its failure hits, where a hint names them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnosis.models import Loop
from diagnosis.verification.verify import verify
from tests.diagnosis.shipped_loop import SHIPPED, after
from tests.telemetry.factory import span, store

HINT = {"attribute": "cart.coupon", "value": "SPRING5", "support": 5, "records": 5}
GIFT = {"attribute": "cart.gifts", "value": "1"}


def orders(alice, since, affected: int, failing: int, others: int, others_failing: int = 0) -> None:
    """Orders, of which so many have the coupon and the gift; so many of these fail, and of the others."""
    spans, total, seen = [], affected + others, {True: 0, False: 0}
    for n in range(total):
        is_affected = n * affected // total != (n + 1) * affected // total
        number, of = (failing, affected) if is_affected else (others_failing, others)
        at = seen[is_affected]
        fails = at * number // of != (at + 1) * number // of
        seen[is_affected] += 1
        attributes = (
            {"cart.coupon": "SPRING5", "cart.gifts": 1} if is_affected else {"cart.coupon": "SPRING5"}
        )
        at = since + timedelta(seconds=3 * n)
        error = "no stock" if fails else ""
        spans.append(span("place order", trace=f"{since}{n}", at=at, error=error, attributes=attributes))
    store(alice.project, spans, since)


@pytest.fixture
def watched(alice, loop, send):
    """A loop whose fix held; two in five records failed before, so that its verdict allows one in 25."""
    send(SHIPPED, ok=110)
    Loop.objects.update(issue={"hints": [HINT | {"also": [GIFT]}]})
    loop.refresh_from_db()
    assert verify(loop, after(1)).verdict == "held"
    return loop


def test_each_affected_request_that_fails_again_is_a_regression(alice, watched):
    orders(alice, after(1.2), affected=9, failing=9, others=256)

    found = verify(watched, after(2))

    assert found.verdict == "regressed"
    assert found.document["reason"].startswith("9 failures in 265 records since the fix held. ")
    assert (
        "records with the values of its strongest hint, 5 sessions had the failure for the first time, "
        "where the verdict allows about" in found.document["reason"]
    )


@pytest.mark.parametrize(
    ("affected", "failing", "others_failing"),
    [
        (9, 1, 0),
        (9, 2, 0),  # strays
        (60, 5, 0),  # a tenth, as the verdict allows
        (9, 0, 9),  # others fail, as often as the verdict allows
    ],
)
def test_few_failures_are_none(alice, watched, affected, failing, others_failing):
    orders(alice, after(1.2), affected, failing, others=256, others_failing=others_failing)

    assert verify(watched, after(2)).verdict == "held"


def test_without_a_hint_all_records_are_watched(alice, watched):
    Loop.objects.update(issue={})
    watched.refresh_from_db()
    orders(alice, after(1.2), affected=9, failing=9, others=256)

    assert verify(watched, after(2)).verdict == "held"
