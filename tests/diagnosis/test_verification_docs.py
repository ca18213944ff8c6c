"""docs/verification.md says what the judge does: its thresholds, its table, its example by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnosis import judge
from diagnosis.judge import Counts
from diagnosis.models import Verification

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "verification.md").read_text()
COUNTS = r"([\d,]+) of ([\d,]+)"
ROWS = re.findall(rf"^\| {COUNTS} \| {COUNTS} \| (.+?) \| (.+?) to (.+?) \| `(\w+)` \| (.+?) \|$", PAGE, re.M)


def number(text: str) -> int:
    """`1,000` as 1000."""
    return int(text.replace(",", ""))


def shown(value: float | None) -> str:
    """Three digits; a dash for what has no value."""
    return "-" if value is None or value == float("inf") else f"{value:.3g}"


def test_the_page_has_examples():
    assert len(ROWS) == 6


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_each_example_is_what_the_judge_says(row):
    failures, exposure, failures_after, exposure_after = (number(text) for text in row[:4])

    found = judge.judge(Counts(failures, exposure), Counts(failures_after, exposure_after))

    needed = "-" if found.needed is None else f"{found.needed:,}"
    ratio = found.ratio
    assert row[4:] == (shown(ratio.estimate), shown(ratio.low), shown(ratio.high), found.verdict, needed)


def test_the_example_by_hand_adds_up():
    failures, exposure, _, exposure_after = (number(text) for text in ROWS[0][:4])
    p = 1 - 0.025 ** (1 / failures)
    odds, scale = p / (1 - p), f"{exposure} / {exposure_after}"
    ratio = odds * exposure / exposure_after

    steps = [
        f"p = 1 - 0.025^(1/{failures}) = {p:.3g}",
        f"p / (1 - p) = {odds:.3g}`, times `{scale}`, the ratio is at most **{ratio:.3g}**",
        f"{failures} / {exposure} * {exposure_after} = {failures * exposure_after // exposure}` failures",
    ]

    assert [step for step in steps if step not in PAGE] == []


def test_the_thresholds_are_the_judges():
    low, high = judge.SAME_BETWEEN

    claims = [
        f"The confidence is {judge.CONFIDENCE:.0%}".replace("%", " %"),
        f"lies below {judge.HELD_BELOW})",
        f"at the rate before, {judge.ENOUGH_EXPECTED} failures or more",
        f"at least {judge.RETURNED} failures",
        f"within {low:g} to {high:g}",
    ]

    assert [claim for claim in claims if claim not in PAGE] == []


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
