"""Verdicts in one sentence, with the counts that they rest on."""

from __future__ import annotations

from diagnosis.statistics.rates import Counts, Ratio

NOTHING_RAN = "Nothing ran in the window after, so nothing can be said."


def reason(verdict: str, before: Counts, after: Counts, compared: Ratio) -> str:
    """The verdict in one sentence."""
    now, then = told(after), told(before)
    awaited = (before.rate or 0.0) * after.exposure
    if verdict == "held" and after.failures:
        text = (
            f"{now}: at most {compared.high:.0%} of the rate before, probably {compared.estimate or 0.0:.1%}."
        )
    elif verdict == "improved" and not after.failures:
        text = f"{now}, but only {awaited:.1f} were to be expected: too few to call it held."
    else:
        text = {
            "no_traffic": NOTHING_RAN,
            "held": f"{now}; at the rate before, about {awaited:.0f} were to be expected.",
            "improved": f"{now}: fewer than before ({then}), but not gone.",
            "regressed": f"{now}, against {then} before: more than chance allows.",
            "unchanged": f"{now}: about the rate before ({then}).",
            "inconclusive": undecided(before, after, awaited),
        }[verdict]
    return sentence(text)


def undecided(before: Counts, after: Counts, awaited: float) -> str:
    """Why the counts allow no verdict."""
    if before.exposure == 0:
        return "Nothing ran in the window before, so there is nothing to compare with."
    if before.failures == after.failures == 0:
        return "No failure in the window before, so none in the window after shows nothing."
    if before.failures and after.failures == 0:
        return f"{told(after)}, but only {awaited:.1f} were to be expected: too few to say anything."
    return f"{told(after)}, against {told(before)} before: the difference can be chance."


def told(counts: Counts) -> str:
    """Counts as a person says them."""
    failures = {0: "no failure", 1: "1 failure"}.get(counts.failures, f"{counts.failures:,} failures")
    return f"{failures} in {counts.exposure:,} record{'' if counts.exposure == 1 else 's'}"


def sentence(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]
