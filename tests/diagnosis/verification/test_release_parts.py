"""Which release since a fix brought its failure back, although all of them together do not show it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnosis.models import Loop
from diagnosis.verification.verify import verify
from tests.diagnosis.shipped_loop import SHIPPED, T0, after


@pytest.fixture
def released(loop, send):
    """The loop, whose fix is release 2.0.0; before it, one in eight records of an hour failed."""
    send(T0 + timedelta(minutes=10), failing=40, ok=300, release="1.9.0")
    Loop.objects.update(release="2.0.0")
    loop.refresh_from_db()
    return loop


def test_a_release_that_fails_alone_is_regressed(released, send):
    send(SHIPPED, ok=400, release="2.0.0")
    send(after(0.5), failing=40, ok=20, release="2.0.1")

    found = verify(released, after(1))

    assert (found.verdict, found.document["regressed_in"]) == ("regressed", "2.0.1")
    assert found.document["reason"] == (
        "40 failures in 60 records of one release since the fix, against 60 failures in 390 records before: more than "
        "chance allows. Of all releases since the fix, 40 failures in 460 records."
    )
    assert released.state == Loop.State.REGRESSED


def test_one_release_alone_is_judged_as_before(released, send):
    send(SHIPPED, failing=100, ok=200, release="2.0.0")

    found = verify(released, after(1))

    assert (found.verdict, found.document["regressed_in"]) == ("regressed", None)


@pytest.mark.parametrize("failing", [1, 4, 12])
def test_a_release_with_failures_as_before_is_not_regressed(released, send, failing):
    send(SHIPPED, ok=200, release="2.0.0")
    send(after(0.5), failing=failing, ok=70, release="2.0.1")

    found = verify(released, after(1))

    assert found.verdict != "regressed"
    assert found.document["regressed_in"] is None


def test_an_older_release_that_fails_is_none_since_the_fix(released, send):
    send(SHIPPED, ok=200, release="2.0.0")
    send(after(0.5), failing=100, ok=100, release="1.9.0")

    found = verify(released, after(1))

    assert (found.verdict, found.document["regressed_in"]) == ("held", None)
