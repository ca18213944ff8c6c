"""docs/verification.md says what the judge does: its thresholds, its table, its examples by hand."""

from __future__ import annotations

import math
import re

import pytest

from diagnosis.detection.rules import missing_call
from diagnosis.models import Verification
from diagnosis.statistics import alpha_spending, e_process, overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.verification import duration_verdict, own_durations, rate_verdict, trajectory
from diagnosis.window import cluster_counts
from tests import ROOT

PAGE = (ROOT / "docs" / "verification.md").read_text()
TEXT = " ".join(PAGE.split())
COUNTS = r"([\d,]+) of ([\d,]+)"
ROWS = re.findall(rf"^\| {COUNTS} \| {COUNTS} \| (.+?) \| (.+?) to (.+?) \| `(\w+)` \| (.+?) \|$", PAGE, re.M)


def number(text: str) -> int:
    """`1,000` as 1000."""
    return int(text.replace(",", ""))


def shown(value: float | None) -> str:
    """Three digits; a dash for what has no value."""
    return "-" if value is None or value == float("inf") else f"{value:.3g}"


def missing(claims: list[str]) -> list[str]:
    """Those that the page does not make."""
    return [claim for claim in claims if claim not in TEXT]


def test_the_page_has_examples():
    assert len(ROWS) == 6


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_each_example_is_what_the_judge_says(row):
    failures, exposure, failures_after, exposure_after = (number(text) for text in row[:4])

    found = rate_verdict.judge_rates(Counts(failures, exposure), Counts(failures_after, exposure_after))

    needed = "-" if found.needed is None else f"{found.needed:,}"
    ratio = found.ratio
    assert row[4:] == (shown(ratio.estimate), shown(ratio.low), shown(ratio.high), found.verdict, needed)


def test_the_example_by_hand_adds_up():
    failures, exposure, _, exposure_after = (number(text) for text in ROWS[0][:4])
    tail, varies = alpha_spending.tails(1).high, 1 - failures / exposure
    strict = alpha_spending.held_tail(0) ** (1 / (failures / varies))
    worth = failures / varies
    p = 1 - tail ** (1 / worth)
    odds, scale = p / (1 - p), f"{exposure} / {exposure_after}"

    steps = [
        f"as also at 1 %, where it is {(1 - strict) / strict * exposure / exposure_after:.3g}",
        f"`1 - {failures} / {exposure} = {varies:.3g}`",
        f"`{failures} / {varies:.3g} = {worth:.3g}`",
        f"p = 1 - {tail:.3g}^(1/{worth:.3g}) = {p:.3g}",
        f"p / (1 - p) = {odds:.3g}`, times `{scale}`, the ratio is at most **{odds * exposure / exposure_after:.3g}**",
        f"{failures} / {exposure} * {exposure_after} = {failures * exposure_after // exposure}` failures",
    ]

    assert missing(steps) == []


def test_the_e_process_by_hand_adds_up():
    since, allowed = e_process.Block(exposure=250, sessions=7), rate_verdict.NEARLY_GONE * 40 / 1000
    held = e_process.Held(allowed, Counts(0, 200))

    found = e_process.strongest_evidence(e_process.distances_between([since]), held)

    assert found is not None
    assert (found.is_enough, found.bet) == (True, e_process.Bet(4, 125, 0, 200))
    steps = [
        f"{allowed * found.bet.exposure:g} were allowed",
        f"`e^-1.5 * 4^4 = {math.exp(-3 * allowed * 125) * 4**4:.3g}`",
        f"the mean is {found.bet.wealth_against_allowed(allowed):.3g} against the allowed rate and",
        f"{found.bet.wealth_against_before():.3g} against the held window",
        f"**{found.wealth:.3g}**: more than {1 / e_process.FALSE_ALARM:g}",
    ]
    assert missing(steps) == []


def test_the_thresholds_are_the_judges():
    low, high = rate_verdict.SAME_BETWEEN
    first = alpha_spending.tails(1)

    claims = [
        f"{alpha_spending.EVER_IMPROVED:.0%} to ever call".replace("%", " %"),
        f"{alpha_spending.EVER_REGRESSED:.0%} to ever call".replace("%", " %"),
        f"errs by {first.high * 100:.3g} %, the lower by {first.low * 100:.3g} %",
        f"the first when {rate_verdict.ENOUGH} failures",
        f"has a chance of {alpha_spending.EVER_HELD * 100:g} % at most if nothing changed",
        f"(or at most {rate_verdict.NEARLY_GONE * 100:g} % of the rate before, and the interval ends at "
        f"{rate_verdict.SURELY_HALVED} at most)",
        f"with a chance of e^-{rate_verdict.ENOUGH} at most",
        f"the ratio is {rate_verdict.CLEARLY_LESS} at most",
        f"the ratio is {rate_verdict.CLEARLY_MORE} at least, and {math.ceil(rate_verdict.ENOUGH)} failures",
        f"within {low:g} to {high:g}",
        f"`B` = {overdispersion.BATCHES} batches",
        f"fewer than {overdispersion.FEWEST_BATCHES} batches",
        f"from {duration_verdict.FEWEST} records",
        f"more than {duration_verdict.LEAST_EFFECT} times",
        f"ever reaches {1 / e_process.FALSE_ALARM:.0f} with a chance of {e_process.FALSE_ALARM * 100:g} %",
        f"{e_process.STRAY} failing sessions are never",
        f"newest {cluster_counts.MOST_FAILING:,} failures",
        f"newest {own_durations.MOST:,} records",
        f"read if they are {missing_call.VERIFIED} or fewer, else a sample of {missing_call.VERIFIED // 2}",
        f"newest {trajectory.MOST_TRACES:,} traces",
    ]

    assert missing(claims) == []


def test_every_verdict_is_explained():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == [
        "no_traffic",
        "held",
        "improved",
        "regressed",
        "unchanged",
        "inconclusive",
    ]
    assert {verdict for verdict in Verification.Verdict.values if f"`{verdict}`" not in PAGE} == set()
