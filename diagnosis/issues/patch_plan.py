"""
The patch plan of an issue: ordered steps for a coding agent, built from facts of the evidence alone.

Its sentences are those of plan_sentences.py; names and messages from telemetry stand beside them.

The one fix category (`lever` in JSON) is where a change would act: prompt, tools, context, retrieval, orchestration,
guardrails, model, infra, or any other code (`code`; `other` in plans of earlier versions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS, WINDOW_RULES
from diagnosis.display.quantities import counted
from diagnosis.display.sentences import Sentence, Value, beside, filled
from diagnosis.evals.formats import runner_of
from diagnosis.issues import plan_sentences
from diagnosis.issues.hints import words
from diagnosis.issues.hints.hint import Value as HintValue
from diagnosis.issues.ratings.shared_traces import SharedTraces
from telemetry.signals import llm_call_failed, tool_call_failed, user_signal
from telemetry.spans.failing_record import FailingRecord

INFRA = re.compile(
    r"\b(429|5\d\d)\b|rate.?limit|timed? ?out|timeout|ECONN|connection|unavailable|overloaded", re.I
)
CONTEXT = re.compile(r"context.?length|maximum context|too many tokens|prompt is too long", re.I)
GUARDRAILS = re.compile(
    r"content.?(?:filter|policy|management)|guard.?rail|moderation|safety (?:system|setting)", re.I
)
BY_SIGNAL = {name: signal.FIX_CATEGORY for name, signal in ALL_SIGNALS.items() if signal.FIX_CATEGORY}
BY_TEXT = {"context": CONTEXT, "guardrails": GUARDRAILS, "infra": INFRA}  # the first match decides
# What failed, where the signal names it: of a tool whose failure only a model was told, the unit is the model's call.
BY_FAILING_CALL = {tool_call_failed.SIGNAL: "tools", llm_call_failed.SIGNAL: "model"}
BY_UNIT = {"retrieval": "retrieval", "tool_call": "tools", "llm_call": "model"}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The facts that a plan is built from; text is "" where it is unknown."""

    category: str
    signal_type: str
    operation: str
    service: str
    tool: str
    model: str
    error: str  # type and message
    records: int
    operation_records: int
    evidence_ids: tuple[str, ...]
    eval_id: str
    downstream_operations: tuple[str, ...]
    replayable: bool  # the evidence has an input that the call can be repeated with
    location: str  # function, file and line of the top frame of the application's own; "" without one
    release: str = ""  # the suspected one
    older_release: str = ""
    shared: tuple[HintValue, ...] = ()  # of the strongest hint
    shared_counts: str = words.UNCOUNTED  # how many records have them
    is_rating: bool = False  # users rated answers down, and no record of an operation failed
    traces: int = 0  # in which it happened; of ratings, those that users rated
    first_trace: str = ""  # the id of the first of these
    shared_traces: tuple[SharedTraces, ...] = ()  # issues with traces of this one

    @property
    def runner(self) -> str:
        """The name of the format in which the eval can be run; "" if it cannot."""
        return runner_of(self.signal_type) if self.replayable else ""

    @property
    def called(self) -> str:
        """Whether a `tool` or a `model` was called; "" if the record names none, or a tool that a model was told of."""
        if self.tool:
            return "tool"
        return "model" if self.model and self.signal_type != tool_call_failed.SIGNAL else ""


def fix_category(example: FailingRecord) -> str:
    """The fix category, by the signal, else by the error text, else by what failed: a call, or the unit of work."""
    if example.signal_type in BY_SIGNAL:
        return BY_SIGNAL[example.signal_type]
    if example.signal_type in WINDOW_RULES.by_durations:  # its message is the rule's own and names no cause
        return BY_UNIT.get(example.unit, "infra")
    text = f"{example.error_type} {example.message}"
    category = next((name for name, pattern in BY_TEXT.items() if pattern.search(text)), None)
    return category or BY_FAILING_CALL.get(example.signal_type) or BY_UNIT.get(example.unit, "code")


def plan_document(facts: PlanFacts) -> dict[str, Any]:
    """The plan as the packet shows it."""
    verify, refuted_by = verification(facts), refutation(facts)
    return {
        "lever": facts.category,
        "steps": [
            {"step": number, "detail": step.text} | beside(step)
            for number, step in enumerate(steps(facts), start=1)
        ],
        "verify": verify.text,
        "refuted_by": refuted_by.text,
    } | beside(verify, refuted_by)


def verification(facts: PlanFacts) -> Sentence:
    """What shows that the change worked."""
    failures = f"{facts.records:,}"
    if facts.is_rating:
        ratings = counted(facts.operation_records, "rating")
        text = filled(plan_sentences.VERIFY_RATINGS, failures=failures, records=ratings)
        return Sentence(text, {"operation": facts.operation})
    noun = "trace" if facts.signal_type in WINDOW_RULES.by_visits else "record"
    records = counted(facts.operation_records, noun)
    is_slow = facts.signal_type in WINDOW_RULES.by_durations
    template = plan_sentences.VERIFY_SLOW if is_slow else plan_sentences.VERIFY
    text = filled(template, failures=failures, records=records)
    return Sentence(text, {"operation": facts.operation})


def refutation(facts: PlanFacts) -> Sentence:
    """What shows that the plan is wrong: that the failure goes on, and, if the eval can be run, that it passes."""
    if facts.runner:
        return Sentence(plan_sentences.REFUTED_BY_EVAL, {"eval_id": facts.eval_id})
    return Sentence(plan_sentences.REFUTED)


def steps(facts: PlanFacts) -> list[Sentence]:
    """The steps in order; a step without its fact is left out."""
    if facts.is_rating:
        change = plan_sentences.CHANGE_RATED
    else:
        is_slow = facts.signal_type in WINDOW_RULES.by_durations
        change = plan_sentences.change_sentence(facts.category, is_slow)
    return [
        Sentence(filled(plan_sentences.READ, record_id=next(iter(facts.evidence_ids), "<record_id>"))),
        *known(
            filled(plan_sentences.REPRODUCE, format=facts.runner),
            eval_id=facts.eval_id if facts.runner else "",
        ),
        *(rated(facts) if facts.is_rating else [place(facts)]),
        *shared_issues(facts),
        *known(plan_sentences.START, location=facts.location),
        *comparison(facts),
        *shared(facts.shared, facts.shared_counts),
        *known(plan_sentences.CALLERS, callers=list(facts.downstream_operations)),
        Sentence(change),
        Sentence(plan_sentences.REPORT),
    ]


def known(text: str, **values: Value) -> list[Sentence]:
    """The sentence with its values; nothing if one of them is empty."""
    return [Sentence(text, values)] if all(values.values()) else []


def place(facts: PlanFacts) -> Sentence:
    """Where the failing code is, and what it reports."""
    text = plan_sentences.find_sentence(bool(facts.service), facts.called, bool(facts.error))
    values = {"operation": facts.operation, "service": facts.service, "error": facts.error}
    called = {facts.called: facts.tool or facts.model}
    return Sentence(text, {name: value for name, value in (values | called).items() if value and name})


def rated(facts: PlanFacts) -> list[Sentence]:
    """What users rated, and what the first of them said; nothing where none of it has arrived."""
    if not facts.first_trace:
        return []
    text = filled(plan_sentences.RATED, trace_id=facts.first_trace)
    return [Sentence(text, {"error": facts.error})]


def shared_issues(facts: PlanFacts) -> list[Sentence]:
    """The issue that has most traces of this one: of a complaint a failure, of a failure a complaint."""
    if not facts.shared_traces:
        return []
    first = facts.shared_traces[0]
    is_complaint = facts.signal_type == user_signal.SIGNAL
    text = plan_sentences.SHARED_TRACES if is_complaint else plan_sentences.COMPLAINT
    numbers = {"shared": f"{first.traces:,}", "traces": f"{facts.traces:,}"}
    values = {"cluster_id": first.cluster_id} | ({"signal_type": first.signal_type} if is_complaint else {})
    return [Sentence(filled(text, **numbers, **values))]


def comparison(facts: PlanFacts) -> list[Sentence]:
    """The suspected release and the one before it, if there is a suspicion."""
    if not facts.release:
        return []
    if not facts.older_release:
        return [Sentence(plan_sentences.COMPARE_ALONE, {"release": facts.release})]
    releases = {"release": facts.release, "older_release": facts.older_release}
    return [Sentence(plan_sentences.COMPARE, releases)]


def shared(conditions: tuple[HintValue, ...], counts: str) -> list[Sentence]:
    """What failing records share, if anything; None as a value means that the attribute is not set."""
    if not conditions:
        return []
    values: dict[str, Value] = {}
    for prefix, (attribute, value) in zip(("", *plan_sentences.FURTHER), conditions, strict=False):
        values[f"{prefix}attribute"] = attribute
        if value is not None:
            values[f"{prefix}value"] = value
    text = plan_sentences.shared_sentence([value is not None for _, value in conditions])
    return [Sentence(filled(text, counts=counts), values)]
