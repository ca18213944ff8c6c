"""A fix is judged where its failure came: environments that never had it show nothing, and others all count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnosis.models import Loop
from diagnosis.statistics.overdispersion import Clustering, Observed
from diagnosis.statistics.rates import Counts
from diagnosis.verification import where_it_failed
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after

LATER = T0 + timedelta(minutes=30)


def side(**environments: Counts) -> ComparedWindow:
    """One side with these parts."""
    total = sum(environments.values(), Counts(0, 0))
    observed = Observed(total, (), Clustering())
    return ComparedWindow(Window(0, 1), observed, environments=environments)


def test_records_of_an_environment_that_never_failed_show_no_fix(loop: Loop, send: Send) -> None:
    send(LATER, ok=60, environment="live")  # the failures before name no environment
    send(SHIPPED, ok=90, environment="live")

    found = verify(loop, after(1)).document

    assert found["verdict"] == "no_traffic"
    assert found["reason"] == (
        "Nothing ran with the fix in the environments in which it failed, so nothing can be said: 90 records of "
        "environments in which none of 60 failed before show nothing."
    )
    assert found["needed"].endswith("of {operation} without a failure in environments where it failed before")
    assert found["expected_failures"] == 0
    assert (found["before"]["exposure"], found["after"]["exposure"]) == (110, 90)


def test_what_is_needed_there_makes_it_held(loop: Loop, send: Send) -> None:
    send(LATER, ok=60, environment="live")
    send(SHIPPED, ok=90, environment="live")
    needed = verify(loop, after(1)).document["needed_exposure"]
    loop.refresh_from_db()
    send(after(1), ok=needed)

    found = verify(loop, after(2)).document

    assert needed < 30
    assert found["verdict"] == "held"
    assert found["expected_failures"] == pytest.approx(needed * 20 / 50)
    assert found["reason"].endswith(
        "Not counted: 90 records of environments in which none of 60 failed before, where some were to be expected."
    )


def test_for_a_day_nothing_ran_where_it_failed(loop: Loop, send: Send) -> None:
    send(LATER, ok=60, environment="live")
    send(SHIPPED, ok=90, environment="live")

    assert verify(loop, after(12)).document["way_on"] is None
    assert verify(loop, after(30)).document["way_on"] == "nothing_ran"


def test_a_failure_that_comes_elsewhere_counts_with_its_environment(loop: Loop, send: Send) -> None:
    send(LATER, ok=60, environment="live")
    send(SHIPPED, failing=70, ok=20, environment="live")

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["reason"]) == (
        "regressed", "70 failures in 90 records, against 20 failures in 110 records before: more than chance allows.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "parts",
    [
        {"live": Counts(5, 100), "staging": Counts(0, 40)},  # 1.4 were to be expected: none comes by chance
        {"live": Counts(30, 100), "staging": Counts(1, 100)},  # rarely, but it comes there
        {"live": Counts(10, 100), **{f"branch{n}": Counts(0, 5) for n in range(100)}},  # each alone is small
        {"live": Counts(0, 100)},
        {},
    ],
)
def test_environments_that_may_have_it_count(parts: dict[str, Counts]) -> None:
    before, since = side(**parts), side(**parts)

    assert where_it_failed.judged_counts(before, since).elsewhere == (Counts(0, 0), Counts(0, 0))


def test_one_that_could_have_had_it_does_not() -> None:
    before = side(live=Counts(0, 120), staging=Counts(15, 30))
    since = side(live=Counts(0, 70), canary=Counts(0, 7))

    counts = where_it_failed.judged_counts(before, since)

    assert counts.elsewhere == (Counts(0, 120), Counts(0, 70))
    assert (counts.before, counts.after) == (Counts(15, 30), Counts(0, 7))


def test_a_burst_in_one_environment_tells_no_environments_apart() -> None:
    before = side(live=Counts(0, 120), staging=Counts(15, 30))
    together = Observed(
        before.counts, (), Clustering(squares=15.0**2, independent=15.0)
    )  # one session failed
    burst = ComparedWindow(Window(0, 1), together, environments=before.environments)

    assert where_it_failed.quiet_environments(before) == {"live"}
    assert where_it_failed.quiet_environments(burst) == set()


def test_without_parts_everything_counts() -> None:
    known = side(live=Counts(0, 120), staging=Counts(15, 30))
    unknown = ComparedWindow(Window(0, 1), known.observed)

    for sides in ((unknown, known), (known, unknown)):
        assert where_it_failed.judged_counts(*sides).before == Counts(15, 150)


def test_a_shift_between_environments_is_said_and_makes_no_fix(loop: Loop, send: Send) -> None:
    """20 of 50 without an environment and 4 of 100 in production before; production has all the traffic since."""
    Loop.objects.update(baseline=None)
    send(LATER, failing=4, ok=96, environment="production")
    send(SHIPPED, failing=4, ok=96, environment="production")
    send(SHIPPED, failing=2, ok=3)

    found = verify(loop, after(1)).document

    assert (found["before"]["failures"], found["before"]["exposure"]) == (24, 150)
    assert (found["after"]["failures"], found["after"]["exposure"]) == (6, 105)
    assert found["expected_failures"] == pytest.approx(6, abs=2)  # 16.8 by the sums
    assert found["verdict"] == "inconclusive"
    assert "Each environment is compared with itself: at the rates before, about" in found["reason"]


def test_where_nothing_ran_in_the_one_that_failed_another_shows_nothing(loop: Loop, send: Send) -> None:
    send(LATER, ok=9, environment="live")  # 3.1 were to be expected: that none came can be chance
    send(SHIPPED, ok=200, environment="live")

    found = verify(loop, after(1)).document

    assert found["verdict"] == "no_traffic"
    assert found["reason"].startswith("Nothing ran with the fix in the environments in which it failed")


def test_an_environment_under_another_name_goes_on(loop: Loop, send: Send) -> None:
    send(SHIPPED, ok=60, environment="live")

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["expected_failures"]) == ("held", pytest.approx(24))


def test_a_later_release_that_runs_in_the_worse_environment_first_is_no_regression(
    loop: Loop, send: Send
) -> None:
    send(LATER, failing=4, ok=396, environment="production")
    Loop.objects.update(release="2.0")
    loop.refresh_from_db()
    send(SHIPPED, failing=4, ok=396, environment="production", release="2.0")
    send(SHIPPED, failing=8, ok=12, release="2.0")
    send(after(0.5), failing=12, ok=18, release="2.1")

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["regressed_in"]) != ("regressed", "2.1")
    assert found["regressed_in"] is None
