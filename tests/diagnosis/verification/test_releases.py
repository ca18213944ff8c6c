"""Which records count as after a fix, by the releases that they name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.api.loop_answers import reported_release
from diagnosis.models import Loop
from diagnosis.verification import baseline
from diagnosis.verification.verify import verify
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, T0, after
from tests.telemetry.factory import trace_id

OLD, FIX = "1.9.0", "2.0.0"


@pytest.fixture
def shipped(loop, send):
    """`shipped(release)`: the loop, after a window before in which 1.9.0 ran, too."""
    send(T0 + timedelta(minutes=5), failing=4, ok=6, release=OLD)

    def with_release(release: str) -> Loop:
        Loop.objects.update(release=release)
        loop.refresh_from_db()
        return loop

    return with_release


def left_out(document: dict[str, Any]) -> list[tuple[str | None, int, int]]:
    """Release, records and failures of what did not count."""
    return [(one["release"], one["records"], one["failures"]) for one in document["left_out"]]


def test_hosts_on_the_old_release_do_not_count_as_after(shipped, send):
    loop = shipped(FIX)
    send(SHIPPED, failing=20, ok=30, release=OLD)
    send(SHIPPED, ok=40, release=FIX)
    send(after(0.1), ok=20, release="2.0.1")  # a later one has the fix too

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["exposure"]) == ("held", 60)
    assert (found["releases_left_out"], left_out(found)) == ([OLD], [(OLD, 50, 20)])


@pytest.mark.parametrize("release", ["1.2.0", "v1.2.0", "2.0.0-rc.1", "2.0.0.dev4"])
def test_a_release_that_is_older_by_name_does_not_count_although_it_is_new_here(shipped, send, release):
    loop = shipped(FIX)
    send(SHIPPED, ok=40, release=FIX)
    send(after(0.5), failing=60, ok=10, release=release)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["exposure"]) == ("held", 40)
    assert left_out(found) == [(release, 70, 60)]


def test_a_release_that_was_seen_long_before_does_not_count(shipped, send):
    loop = shipped("f00dfeed11")
    send(T0 - timedelta(days=90), ok=1, release="badc0ffee1")
    send(SHIPPED, ok=40, release="f00dfeed11")
    send(after(0.5), failing=60, release="badc0ffee1")

    found = verify(loop, after(1)).document

    assert (found["verdict"], left_out(found)) == ("held", [("badc0ffee1", 60, 60)])


@pytest.mark.parametrize("release", ["2.0.1", "2.0.0-hotfix.1", "f00dfeed11"])
def test_a_release_that_is_first_seen_after_the_fix_counts(shipped, send, release):
    loop = shipped(FIX)
    send(SHIPPED, ok=10, release=FIX)
    send(after(0.1), failing=45, ok=5, release=release)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["failures"], left_out(found)) == ("regressed", 45, [])


def test_records_without_a_release_say_nothing_where_others_name_theirs(shipped, send):
    loop = shipped(FIX)
    send(SHIPPED, ok=40, release=FIX)
    send(SHIPPED, failing=30, ok=10)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["releases_left_out"]) == ("held", [])
    assert left_out(found) == [(None, 40, 30)]


def test_an_older_release_is_no_regression_of_a_fix_that_held(shipped, send):
    loop = shipped(FIX)
    send(SHIPPED, ok=60, release=FIX)
    verify(loop, after(1))
    send(after(2), failing=150, ok=10, release="1.2.0")

    found = verify(loop, after(3)).document

    assert (found["verdict"], loop.state, left_out(found)) == ("held", "held", [("1.2.0", 160, 150)])


def test_a_later_release_without_the_fix_is_a_regression_of_one_that_held(shipped, send):
    loop = shipped(FIX)
    send(SHIPPED, ok=60, release=FIX)
    verify(loop, after(1))
    send(after(2), failing=15, ok=45, release="2.1.0")

    assert verify(loop, after(3)).verdict == "regressed"


def test_where_no_record_names_the_release_it_is_said_and_old_ones_do_not_count(shipped, send):
    loop = shipped("2.O.0")
    send(SHIPPED, failing=20, ok=200, release=OLD)

    found = verify(loop, after(1)).document

    assert (found["verdict"], left_out(found)) == ("no_traffic", [(OLD, 220, 20)])
    assert found["reason"].startswith(
        "Nothing ran with the fix: 220 records in the window after it are of releases"
    )
    assert found["release_note"].startswith("No record names release {release}. Records of {service} name ")
    assert found["with"]["text"]["release"] == "2.O.0"
    assert found["with"]["text"]["seen_releases"] == [OLD]


def test_where_no_record_names_the_release_those_first_seen_after_it_count(shipped, send):
    loop = shipped("2.O.0")
    send(SHIPPED, failing=20, ok=30, release=OLD)
    send(after(0.1), ok=40, release=FIX)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["exposure"]) == ("held", 40)
    assert found["with"]["text"]["seen_releases"] == [FIX, OLD]


def test_time_decides_where_no_record_names_any_release(loop, send):
    Loop.objects.update(release=FIX)
    loop.refresh_from_db()
    send(SHIPPED, ok=40)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["exposure"], left_out(found)) == ("held", 40, [])
    assert found["release_note"].startswith("No record of {service} names a release")


def test_time_decides_where_the_release_is_of_another_service(shipped, send, alice):
    loop = shipped("7.1")
    send(SHIPPED, ok=40, release=OLD)
    send(SHIPPED, ok=1, release="7.1", service="stock")

    found = verify(loop, after(1)).document

    assert (found["verdict"], left_out(found)) == ("held", [])
    assert found["with"]["text"]["release_service"] == "stock"


@pytest.mark.parametrize(
    ("reported", "noted"),
    [("2.0.0", False), ("v2.0.0", False), ("2.O.0", True), ("3.0.0", True), ("", False)],
)
def test_a_release_that_no_record_names_is_told_when_it_is_reported(shipped, send, reported, noted):
    loop = shipped(reported)
    send(SHIPPED, ok=1, release="2.0.0+build.7")

    told = reported_release(loop)

    assert (told["release_note"] is not None) is noted
    assert not noted or told["with"]["text"]["seen_releases"] == ["2.0.0+build.7", OLD]


def test_a_release_counts_under_every_way_to_write_it(shipped, send):
    loop = shipped("v2.0.0")
    send(SHIPPED, ok=30, release="2.0.0")
    send(SHIPPED, ok=30, release="2.0.0+build.7")
    send(SHIPPED, failing=20, ok=20, release=OLD)

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["after"]["exposure"], left_out(found)) == ("held", 60, [(OLD, 40, 20)])


@pytest.mark.parametrize("rated", [OLD, FIX, ""])
def test_a_rating_counts_with_the_release_of_the_rated_answer(shipped, send, call, alice, settings, rated):
    """Complaints that come after the fix about answers of before say nothing of the fix."""
    settings.LOOPKIT_FEEDBACK_RATE = "1000/m"
    loop = shipped(FIX)
    send(SHIPPED, ok=60, name="answer", release=FIX)
    send(T0, ok=60, name="answer", release=OLD)
    send(T0, ok=60, name="answer")
    for number in range(60):
        begun = SHIPPED if rated == FIX else T0
        said = {"rating": "down", "trace_id": trace_id(f"{begun}answer{rated}{number}")}
        assert call("POST", "/v1/feedback", alice.keys["feedback"], said).status_code == 202
    with bind(alice.project):
        record = Record.objects.filter(operation="user_feedback").first()
    before = baseline.baseline(loop, SHIPPED) | {"failures": 6, "exposure": 100}
    Loop.objects.update(
        signal_type="user_signal",
        operation="user_feedback",
        cluster_id=cluster_id(record.fingerprint),
        baseline=before | {"operations": ["user_feedback"], "environments": None},
    )
    loop.refresh_from_db()

    found = verify(loop, timezone.now() + timedelta(minutes=1)).document

    if rated == FIX:
        assert (found["verdict"], found["after"]["failures"], left_out(found)) == ("regressed", 60, [])
    else:
        assert (found["verdict"], left_out(found)) == ("no_traffic", [(rated or None, 60, 60)])
    assert found["release_note"] is None
