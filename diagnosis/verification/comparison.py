"""
Count and judge the windows before and after a fix: by rates, by durations, or by an e-process once the fix held.

    baseline.current_baseline -> recount.as_counted_now -> window_after -> releases.of_service
        -> baseline.choose_releases -> baseline.target -> cluster_counts.left_out -> compare_windows
        -> reasons.only_left_out -> deployments.ran_since

releases.py decides which records count as after the fix. `compare_windows` counts them and has them judged: by
held_fix.py once the fix held, else by `judge_loop`; siblings.py weighs whether other failures of the operation rose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import exact_ms
from diagnosis.models import Loop, Verification
from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import InterimAnalysis
from diagnosis.statistics.overdispersion import Pace, estimate_overdispersion, estimate_steadily
from diagnosis.verification import (
    affected_records,
    baseline,
    duration_verdict,
    failing_environments,
    held_fix,
    own_durations,
    rate_verdict,
    reasons,
    recount,
    release_parts,
    siblings,
    where_it_failed,
)
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import Judgement, Verdict
from diagnosis.verification.siblings import Sibling
from diagnosis.verification.where_it_failed import JudgedCounts
from diagnosis.window import cluster_counts, deployments, environment_counts, releases
from diagnosis.window.cluster_counts import LeftOut, Target
from diagnosis.window.releases import ReleaseChoice, SeenRelease
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, rfc3339, unix_nano

WINDOW_SIGNALS = (
    WINDOW_RULES.signals
)  # signals that only a diagnosis finds: no record carries their fingerprint
TRACES = "Here a record is a trace that was examined, and a failure is such a trace with the {signal}."


@dataclass(frozen=True, slots=True)
class Comparison:
    """A loop's windows before and after, and the judgement on them."""

    before: ComparedWindow
    after: ComparedWindow
    target: Target
    judgement: Judgement
    counts: bool  # the verdict is of an interim analysis, that it held, or that the failure is back
    moved_to: list[Sibling] = field(default_factory=list)
    regressed_in: str = ""  # the release since the fix that is regressed by itself
    releases: ReleaseChoice = field(default_factory=ReleaseChoice)
    left_out: list[LeftOut] = field(default_factory=list)  # of releases that do not count
    ran_since_unix_nano: int = 0  # its operations first ran then, or before the windows began

    @property
    def judged(self) -> JudgedCounts:
        """The counts by which the fix is judged, where its verdict is of rates."""
        return where_it_failed.judged_counts(self.before, self.after)

    @property
    def expected_failures(self) -> float:
        """The failures to be expected since the fix, at the rate before; of latency, the slow records."""
        if self.after.slow:
            return rate_verdict.expected_failures(self.before.shown_counts, self.after.shown_counts)
        return rate_verdict.expected_failures(self.judged.compared, self.judged.after)


def compare_with_baseline(loop: Loop, shipped_at: datetime, now: datetime) -> Comparison:
    """Compare the loop's failures before and after its fix, in the bound project."""
    stored = ComparedWindow.from_document(baseline.current_baseline(loop, shipped_at))
    before = recount.as_counted_now(loop, stored)
    window = window_after(before, unix_nano(now))
    seen = releases.of_service(loop.service) if loop.release else []
    choice = baseline.choose_releases(loop, seen, shipped_at)
    target = baseline.target(loop, before.operations, choice.in_window(window, seen))
    left_out = cluster_counts.left_out(window, target)
    comparison = compare_windows(loop, before, window, target, seen)
    judgement = comparison.judgement
    if judgement.verdict == "no_traffic" and left_out and not comparison.after.counts.exposure:
        judgement = replace(judgement, reason=reasons.only_left_out(left_out))
    places = {ServiceOperation(target.service, operation) for operation in target.operations}
    since = deployments.ran_since(before.window, places)
    return replace(
        comparison, judgement=judgement, releases=choice, left_out=left_out, ran_since_unix_nano=since
    )


def compare_windows(
    loop: Loop, before: ComparedWindow, window: Window, target: Target, seen: Sequence[SeenRelease]
) -> Comparison:
    """Count the window after the fix, and judge it."""
    observed, counted = baseline.count_cluster(loop, window, target), baseline.what_is_counted(loop)
    is_told_apart = is_by_environment(before, window, target)
    parts = baseline.count_environments(loop, window, target) if is_told_apart else None
    after = ComparedWindow(window, observed, counted, operations=before.operations, environments=parts)
    if loop.signal_type in WINDOW_RULES.by_durations:
        before, after = with_slow_records(loop, before, after, target)
    if loop.state == Loop.State.HELD and loop.signal_type not in WINDOW_SIGNALS:
        judgement = held_fix.judge_held_fix(before, after, target, affected_records.affected_records(loop))
        return Comparison(before, after, target, judgement, judgement.verdict == "regressed")
    previous = last_verification(loop, before)
    last_analysis = InterimAnalysis(**previous.document["look"]) if previous else alpha_spending.NO_ANALYSIS
    judgement, moved_to = judge_loop(loop, before, after, target, last_analysis), list[Sibling]()
    is_new = judgement.analysis.number > last_analysis.number
    # `held` needs no analysis. Where other failures rose, it is asked anew with the next one, like these.
    newly_held = judgement.verdict == "held" and loop.state != Loop.State.HELD
    counts = is_new or (newly_held and not (previous and previous.document.get("moved_to")))
    if previous and not counts and judgement.verdict != "no_traffic":
        judgement = judgement_between_analyses(judgement, previous, before, after)
    if counts and loop.signal_type not in WINDOW_SIGNALS:
        judgement, moved_to = siblings.weigh_siblings(judgement, before, after, target)
        worst = release_parts.judge_releases(judgement, before, after, target, seen)
        return Comparison(before, after, target, worst.judgement, counts, moved_to, worst.release)
    return Comparison(before, after, target, judgement, counts, moved_to)


def with_slow_records(
    loop: Loop, before: ComparedWindow, after: ComparedWindow, target: Target
) -> tuple[ComparedWindow, ComparedWindow]:
    """Both sides of a loop about latency with the own times that are compared, and the slow records among them."""
    before, after = (baseline.with_durations(loop, side, target) for side in (before, after))
    limit_ms = own_durations.slow_limit_ms(loop, before.durations)
    return baseline.with_slow_records(before, limit_ms), baseline.with_slow_records(after, limit_ms)


def is_by_environment(before: ComparedWindow, window: Window, target: Target) -> bool:
    """Whether a record names its environment, before the fix or in the window since: "" is one beside these."""
    if not before.environments:
        return False
    return any(before.environments) or environment_counts.is_any_named(window, target)


def with_environments(loop: Loop, comparison: Comparison) -> Comparison:
    """
    The comparison with its counts since the fix by environment, as an answer shows them.

    A verdict needs them only where records name environments (where_it_failed.py).
    """
    if comparison.after.environments is not None:
        return comparison
    parts = baseline.count_environments(loop, comparison.after.window, comparison.target)
    return replace(comparison, after=replace(comparison.after, environments=parts))


def window_after(before: ComparedWindow, until_unix_nano: int) -> Window:
    """The window after the fix, at most its last 30 days."""
    start = max(before.window.end_unix_nano, until_unix_nano - MAX_MINUTES * MINUTE_NANO)
    return Window(start, max(start, until_unix_nano))


def last_verification(loop: Loop, before: ComparedWindow) -> Verification | None:
    """The last verification of this fix that an interim analysis decided, or None before the first."""
    since = rfc3339(
        before.window.end_unix_nano
    )  # when it shipped, or held: in every answer about this fix, and in no other
    analyses = loop.verifications.filter(document__look__number__gte=1, document__before__window__end=since)
    if loop.shipment_set_at:  # what was put right since then is about other windows
        analyses = analyses.filter(created_at__gte=loop.shipment_set_at)
    return analyses.exclude(verdict="no_traffic").first()


def judge_loop(
    loop: Loop, before: ComparedWindow, after: ComparedWindow, target: Target, last: InterimAnalysis
) -> Judgement:
    """Judge a loop whose rule compares durations by these, any other by failure rates."""
    is_held = loop.state == Loop.State.HELD
    if loop.signal_type in WINDOW_RULES.by_durations:
        judgement = judge_durations(loop, before, after, last)
    else:
        judgement = judge_rates(before, after, last, is_held)
    still_holds = is_held and judgement.verdict != "regressed"
    if still_holds and not after.counts.exposure:
        return replace(judgement, verdict="held", reason=reasons.nothing_since(sentence_of(before)), needed=0)
    if still_holds:
        judgement = replace(judgement, verdict="held", minutes=0)
    if loop.signal_type in WINDOW_RULES.by_visits:
        return in_traces(judgement, after, still_holds, loop.signal_type)
    return judgement


def judge_durations(
    loop: Loop, before: ComparedWindow, after: ComparedWindow, last: InterimAnalysis
) -> Judgement:
    """Judge by durations; for a fix that held, what is needed would show that it is back."""
    ran, old, new = after.counts.exposure, before.durations, after.durations
    is_held = loop.state == Loop.State.HELD
    judgement = duration_verdict.judge_durations(old, new, last, ran)
    if before.slow and after.slow:
        limit = f"{exact_ms(after.slow.above_ms)} of {own_durations.measure_of(loop)}"
        text = reasons.slow_reason(before.slow.counts, after.slow.counts, limit, is_held)
        judgement = replace(judgement, reason=f"{judgement.reason} {text}")
    if is_held and judgement.verdict != "regressed":
        more = duration_verdict.more_to_regress(old, new, judgement.analysis, ran)
        return replace(judgement, needed=more)
    return judgement


def judge_rates(
    before: ComparedWindow, after: ComparedWindow, last: InterimAnalysis, is_held: bool = False
) -> Judgement:
    """Judge by failure rates; for a fix that held, what is needed would show that it is back."""
    minutes = before.window.since_minutes, after.window.since_minutes
    overdispersion = estimate_overdispersion(before.observed, after.observed)
    counts = where_it_failed.judged_counts(before, after)
    judgement = rate_verdict.judge_rates(
        counts.compared,
        counts.after,
        overdispersion,
        last,
        estimate_steadily(before.observed, after.observed, length=minutes[1] / max(1, minutes[0])),
        Pace(minutes, (counts.before.exposure, counts.after.exposure)),
    )
    expected = rate_verdict.expected_failures(counts.compared, counts.after)
    # The counts that the reason states are sums, also where rates are compared by environment.
    text = reasons.rate_reason(judgement.verdict, counts.before, counts.after, judgement.ratio, expected)
    judgement = failing_environments.judge_environments(
        replace(judgement, reason=text), before, after, overdispersion, last
    )
    judgement = replace(judgement, reason=counts.reason(judgement.reason))
    if is_held and judgement.verdict != "regressed":
        more = rate_verdict.more_to_regress(counts.compared, counts.after, overdispersion, judgement.tails)
        return replace(judgement, needed=more)
    return judgement


def in_traces(judgement: Judgement, after: ComparedWindow, still_holds: bool, signal_type: str) -> Judgement:
    """The judgement on a signal that is found in agent runs; its reason says that traces were counted."""
    reason = (
        f"{reasons.capitalised(reasons.counts_sentence(after.counts))} since it held."
        if still_holds
        else judgement.reason
    )
    return replace(judgement, reason=f"{reason} {TRACES.format(signal=signal_type.replace('_', ' '))}")


def sentence_of(side: ComparedWindow) -> str:
    """The counts of the side in words, without a capital."""
    return reasons.slow_sentence(side.slow.counts) if side.slow else reasons.counts_sentence(side.counts)


def judgement_between_analyses(
    judgement: Judgement, previous: Verification, before: ComparedWindow, after: ComparedWindow
) -> Judgement:
    """The verdict of the last interim analysis, which stands until twice as much is known."""
    counts = where_it_failed.judged_counts(before, after)
    so_far = sentence_of(after) if after.slow else reasons.counts_sentence(counts.after)
    text = f"{so_far} so far: too few for a new verdict, so the last verdict stands."
    verdict = cast(Verdict, previous.verdict)
    return replace(judgement, verdict=verdict, reason=counts.reason(reasons.capitalised(text)))
