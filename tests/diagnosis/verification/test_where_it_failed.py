"""A fix is judged where its failure came: environments that never had it show nothing, and others all count."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from diagnosis.models import Loop
from diagnosis.statistics.alpha_spending import NO_ANALYSIS
from diagnosis.statistics.overdispersion import Clustering, Observed
from diagnosis.statistics.rates import Counts
from diagnosis.verification import where_it_failed
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.comparison import judge_rates
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after

LATER = T0 + timedelta(minutes=30)
Sides = dict[str, Counts]


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
    assert (counts.before, counts.after) == (Counts(15, 30), Counts(0, 0))
    assert counts.new == Counts(0, 7)


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


def test_an_environment_that_is_new_since_the_fix_shows_none(loop: Loop, send: Send) -> None:
    send(SHIPPED, ok=60, environment="live")

    found = verify(loop, after(1)).document

    assert (found["verdict"], found["expected_failures"]) == ("no_traffic", 0)
    assert found["reason"] == (
        "Nothing ran with the fix in the environments in which it failed, so nothing can be said: 60 records of "
        "environments in which nothing ran before the fix show nothing."
    )


def test_many_healthy_records_of_a_new_environment_hide_no_failure_of_the_unnamed(
    loop: Loop, send: Send
) -> None:
    send(SHIPPED, failing=20, ok=30)
    send(SHIPPED, ok=600, environment="loadtest")

    found = verify(loop, after(1)).document

    assert found["verdict"] in ("unchanged", "inconclusive")
    assert found["expected_failures"] == pytest.approx(20)
    assert found["reason"].endswith(
        "Not counted: 600 records of environments in which nothing ran before the fix: how often it would have failed "
        "there, nobody knows."
    )


OLD = Counts(120, 400)
GOES_ON: list[tuple[Sides, Sides, str]] = [
    ({"": OLD}, {"": OLD, "loadtest": Counts(0, 20_000)}, "unchanged"),
    ({"prod": OLD}, {"prod2": OLD, "loadtest": Counts(0, 20_000)}, "unchanged"),
    ({"prod": OLD}, {"prod2": OLD, "loadtest": Counts(9, 20_000)}, "unchanged"),
    ({"": OLD}, {"prod": OLD, "": Counts(0, 20_000)}, "unchanged"),
    ({"prod": OLD}, {"PROD": OLD, "prod": Counts(0, 20_000)}, "unchanged"),
    ({"prod": OLD}, {"PROD": Counts(240, 400), "prod": Counts(0, 20_000)}, "regressed"),
    ({"prod": OLD, "canary": OLD}, {"prod": Counts(3, 10), "canary": Counts(0, 20_000)}, "inconclusive"),
    (
        {"prod": OLD},
        {"prod": Counts(0, 20_000)} | {f"b{n}": Counts(n % 2, 2) for n in range(30)},
        "unchanged",
    ),
    (
        {"a": Counts(40, 4000), "b": Counts(200, 400)},
        {"c": Counts(40, 4000), "b": Counts(0, 9000)},
        "unchanged",
    ),
]


@pytest.mark.parametrize(("before", "since", "verdict"), GOES_ON)
def test_where_it_goes_on_in_one_environment_it_has_not_held(
    before: Sides, since: Sides, verdict: str
) -> None:
    found = judge_rates(side(**before), side(**since), NO_ANALYSIS)

    assert found.verdict == verdict


@pytest.mark.parametrize(
    "since",
    [
        {"": Counts(0, 900)},
        {"": Counts(3, 900), "new": Counts(0, 900)},
        {"": Counts(0, 900), "new": Counts(1, 90)},
    ],
)
def test_where_it_goes_on_nowhere_it_held(since: Sides) -> None:
    assert judge_rates(side(**{"": OLD}), side(**since), NO_ANALYSIS).verdict == "held"


@pytest.mark.parametrize("seed", range(300))
def test_no_drawn_program_that_fails_on_in_an_environment_is_held(seed: int) -> None:
    """Environments are renamed, new, gone or unnamed; one, at least, fails on at half of the old rate or more."""
    chance = random.Random(seed)
    rate, names = chance.choice((0.02, 0.1, 0.5)), ["", "prod", "canary"][: chance.randrange(1, 4)]
    before = {name: drawn(chance, rate, chance.choice((300, 3000))) for name in names}
    whole = sum(before.values(), Counts(0, 0))
    since = {
        chance.choice((name, name.upper(), "eu")): drawn(chance, 0, chance.choice((30, 40_000)))
        for name in names
    }
    since |= {f"load{n}": drawn(chance, rate / 1000, 30_000) for n in range(chance.randrange(3))}
    worst = chance.choice((*names, "renamed", "load0"))
    highest = max(whole.rate or 0.0, (before.get(worst) or whole).rate or 0.0)
    exposure = round(10 / highest) * chance.choice((1, 20))
    since[worst] = Counts(round(highest * exposure * chance.uniform(0.55, 1.5)), exposure)

    found = judge_rates(side(**before), side(**since), NO_ANALYSIS)

    assert found.verdict != "held"
    assert found.needed != 0


def drawn(chance: random.Random, rate: float, exposure: int) -> Counts:
    """So many records, each of which fails with that chance."""
    return (
        Counts(max(0, round(chance.gauss(rate * exposure, (rate * exposure) ** 0.5))), exposure)
        if rate
        else (Counts(0, exposure))
    )


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
