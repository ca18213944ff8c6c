"""The trend of a stored issue in words, as documents and pages show it. Issues of earlier versions have fewer facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.display.quantities import counted, percent
from diagnosis.issues.impact import RATINGS, TRACES
from telemetry.signals.user_signal import SIGNAL


def trend_in_words(issue: Mapping[str, Any]) -> str:
    """`new`, or `unclear: The operation did not run in the window before ...`; "" if the issue has none."""
    return ": ".join(text for text in (issue.get("trend"), issue.get("trend_reason")) if text)


def since_in_words(quiet: Mapping[str, Any] | None) -> str:
    """`quiet_since` as `quiet. The last failure was at ...` or `no sign that it stopped. ...`; "" for None."""
    if not quiet:
        return ""
    return f"{'quiet' if quiet['is_quiet'] else 'no sign that it stopped'}. {quiet['reason']}"


def shared_in_words(issue: Mapping[str, Any]) -> list[str]:
    """A sentence for each issue that has traces of this one; issues of earlier versions know of none."""
    own, is_complaint = issue["impact"].get("traces", 0), issue["signal_type"] == SIGNAL
    return [
        f"{shared['traces']:,} of its {counted(own, 'rated trace' if is_complaint else 'trace')} "
        f"{'have' if shared['traces'] != 1 else 'has'} the failure {shared['cluster_id']} ({shared['signal_type']})"
        if is_complaint
        else f"users rated {shared['traces']:,} of its {counted(own, 'trace')} down: {shared['cluster_id']}"
        for shared in issue.get("shared_traces") or []
    ]


def failures_in_words(issue: Mapping[str, Any]) -> str:
    """`3 of 64 records`, or `5 of 6 ratings are bad`; issues of earlier versions count records."""
    impact = issue["impact"]
    bad, exposure = f"{impact['records']:,}", impact["operation_records"]
    if impact.get("share_of") == RATINGS:
        return f"{bad} of {counted(exposure, 'rating')} {'are' if impact['records'] != 1 else 'is'} bad"
    looked_at = counted(exposure, "record" if impact.get("share_of") != TRACES else "trace")
    return f"{bad} of {looked_at}{sample_in_words(impact)}"


def sample_in_words(impact: Mapping[str, Any]) -> str:
    """`, in a sample of 190 of 3,000 traces (95% interval of the share: 4% to 9%)`; "" where everything was counted."""
    sampled = impact and impact.get("sampled")
    if not sampled:
        return ""
    low, high = sampled["share"]
    return (
        f", in a sample of {sampled['traces_read']:,} of {counted(sampled['traces'], 'trace')} "
        f"(95% interval of the share: {percent(low)} to {percent(high)})"
    )
