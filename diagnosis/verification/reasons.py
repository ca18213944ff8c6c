"""The reason for a verdict in one sentence, with the counts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnosis.display.quantities import counted, exact_ms, percent, significant
from diagnosis.statistics.rates import Counts, Ratio
from diagnosis.window.cluster_counts import LeftOut

# What the failures of a side are, as answers name it.
FAILURES, TRACES, SAMPLED, SLOW, WITH_CAUSED = (
    "failures",
    "traces",
    "sampled traces",
    "slow records",
    "failures with what they caused",
)
EXPOSED = {TRACES: "trace", SAMPLED: "sampled trace"}  # what the exposure is, by what is counted
NOTHING_RAN = "Nothing ran in the window after the fix, so nothing can be said."


def only_left_out(left_out: Sequence[LeftOut]) -> str:
    """The reason for no verdict where all that ran is of releases that do not count."""
    records = counted(sum(one.records for one in left_out), "record")
    return (
        f"Nothing ran with the fix: {records} in the window after it are of releases that are older or name none, "
        "and speak neither for nor against it."
    )


def nothing_since(held: str) -> str:
    """The reason for a verdict of `held` that stands, since nothing ran that could refute it; `held`: what ran then."""
    return capitalised(f"{held} when it held; nothing ran with the fix since, so its verdict stands.")


def rate_reason(
    verdict: str, before: Counts, after: Counts, compared: Ratio, expected_failures: float
) -> str:
    """The reason for the verdict in one sentence. `expected_failures`: after the fix, at the rate before."""
    now, then = counts_sentence(after), counts_sentence(before)
    expected = significant(expected_failures)
    if verdict == "held" and after.failures:
        text = (
            f"{now}: at most {percent(compared.high)} of the rate before, "
            f"probably {percent(compared.estimate or 0.0)}."
        )
    elif verdict == "improved" and not after.failures:
        text = f"{now}, but only {expected} were to be expected: too few to call it held."
    else:
        text = {
            "no_traffic": NOTHING_RAN,
            "held": f"{now}; at the rate before, about {expected} were to be expected.",
            "improved": f"{now}: fewer than before ({then}), but not gone.",
            "regressed": f"{now}, against {then} before: more than chance allows.",
            "unchanged": f"{now}: about the rate before ({then}).",
            "inconclusive": undecided_reason(before, after, expected),
        }[verdict]
    return capitalised(text)


def one_release_reason(before: Counts, of_release: Counts, all_after: Counts) -> str:
    """The reason for `regressed` where one release alone shows it."""
    return capitalised(
        f"{counts_sentence(of_release)} of one release since the fix, against {counts_sentence(before)} before: more "
        f"than chance allows. Of all releases since the fix, {counts_sentence(all_after)}."
    )


def one_environment_reason(verdict: str, before: Counts, since: Counts, is_one: bool) -> str:
    """The reason for a verdict by what goes on in one environment, or in those of few records together."""
    where = "in one environment" if is_one else "in the environments with few records"
    conclusion = {
        "regressed": "more than chance allows",
        "unchanged": "about the rate before",
    }.get(verdict, "too much to say that it held, and too little to say more")
    return capitalised(
        f"{counts_sentence(since)} {where} since the fix, against {counts_sentence(before)} before: {conclusion}."
    )


def undecided_reason(before: Counts, after: Counts, expected: str) -> str:
    """The reason why the counts allow no verdict."""
    if before.exposure == 0:
        return "Nothing ran in the window before, so there is nothing to compare with."
    if before.failures == after.failures == 0:
        return "No failure in the window before, so none in the window after shows nothing."
    if before.failures and after.failures == 0:
        return f"{counts_sentence(after)}, but only {expected} were to be expected: too few to say anything."
    return (
        f"{counts_sentence(after)}, against {counts_sentence(before)} before: the difference can be chance."
    )


def counts_sentence(counts: Counts) -> str:
    """The counts in words: `3 failures in 1,200 records`."""
    failures = counted(counts.failures, "failure") if counts.failures else "no failure"
    return f"{failures} in {counted(counts.exposure, 'record')}"


def slow_sentence(counts: Counts) -> str:
    """The counts of slow records in words: `60 slow records of 72`, `no slow record of 50`."""
    slow = counted(counts.failures, "slow record") if counts.failures else "no slow record"
    return f"{slow} of {counts.exposure:,}"


def counts_in_words(side: Mapping[str, Any]) -> str:
    """
    The counts of a side as answers show it: `20 failures in 50 records`, `60 of 72 records slower than 207 ms`.

    What they count is what the side says; a side of an earlier version counts failures with what they caused.
    """
    what, failures = side.get("counted", WITH_CAUSED), side["failures"]
    if what == SLOW and "slow_above_ms" not in side:
        return (
            f"{counted(side['exposure'], 'record')}, of which an earlier version did not count the slow ones"
        )
    if what == SLOW:
        return f"{failures:,} of {counted(side['exposure'], 'record')} slower than {exact_ms(side['slow_above_ms'])}"
    text = counted(failures, "failure") + (" with what they caused" if what == WITH_CAUSED else "")
    return text + (
        f" in {counted(side['exposure'], EXPOSED.get(what, 'record'))}" if "exposure" in side else ""
    )


def slow_reason(before: Counts, after: Counts, limit: str, is_held: bool) -> str:
    """The slow records of both windows: `Slow, above 207 ms of own time: 60 of 72 records before, ...`"""
    then = "when it held" if is_held else "before"
    return (
        f"Slow, above {limit}: {before.failures:,} of {counted(before.exposure, 'record')} {then}, "
        f"{after.failures:,} of {after.exposure:,} since."
    )


def capitalised(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
