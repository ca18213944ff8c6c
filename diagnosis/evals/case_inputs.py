"""
The inputs of an eval's cases: what was recorded of a failing call, so that it can be made again.

- The captured input of the call.
- Of failures of a whole run, and of answers that users rated: the question that the run was asked, as its first step
  recorded it. The call alone would not show what the agent does with it.
- Of other work, such as HTTP, a function or a job: the attributes of its span, without those that describe how it ended
  or where it ran, under their own names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/, and the app's.

Secrets are gone from all of it since it came in (telemetry/scrubbing). Long texts are cut, and say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.evals import run_questions
from telemetry.reads import user_ratings
from telemetry.signals.user_signal import SIGNAL as USER_SIGNAL
from telemetry.spans.record_ids import parse_record_id
from telemetry.spans.signal_traces import is_signal

CALL, QUESTION, ATTRIBUTES = SOURCES = ("call", "question", "attributes")
OF_RUNS = WINDOW_RULES.over_runs
MOST_ATTRIBUTES, LONGEST = 40, 2_000  # attributes of a case, and characters of one
# Which request it was, by the stable and the older names; also by every name that begins so: headers and bodies.
FIRST = (
    "http.request.method",
    "http.method",
    "http.route",
    "url.",
    "http.target",
    "http.url",
    "http.request.",
)
# How it ended, where it ran, which client or library recorded it, and facts of calls whose input was not recorded.
NOT_INPUT = re.compile(
    r"^(?:net|network|client|server|thread|process|code|telemetry|otel|user_agent|peer|host|k8s|container|cloud|feedback)\."
    r"|^(?:gen_ai|llm|ai|openinference|traceloop|langfuse|langsmith|mlflow)\."
    r"|^(?:http\.(?:flavor|scheme|host|user_agent|client_ip|status_code|response)|url\.scheme|session\.id)"
    r"|(?:^|[._])(?:error|errors|exception|result|results|output|response|status|status_code|duration|elapsed|latency)"
    r"(?:$|[._])"
)


@dataclass(frozen=True, slots=True)
class CaseInput:
    """The input of a case, and where it is from."""

    value: Any
    source: str  # one of SOURCES
    cut: dict[str, int] = field(default_factory=dict)  # characters of the whole, of attributes that are cut

    @property
    def is_prompt(self) -> bool:
        """Whether a model or a tool can be given it as it is."""
        return self.source != ATTRIBUTES


def inputs_of_evidence(signal_type: str, evidence: Sequence[dict[str, Any]]) -> list[CaseInput | None]:
    """The input of each record of the evidence; None for one that has none. Reads the bound project's store."""
    questions: dict[str, Any] = {}
    if signal_type in OF_RUNS or signal_type == USER_SIGNAL:
        questions = questions_of([record for record in evidence if asks_run(signal_type, record)])
    return [input_of_record(record, questions.get(record["record_id"])) for record in evidence]


def asks_run(signal_type: str, record: Mapping[str, Any]) -> bool:
    """Whether the input of the case is what the record's run was asked, and not what its own call was given."""
    return signal_type in OF_RUNS or captured_input(record) is None


def questions_of(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The question of the run that each of these records is of, or that it rates, by record id."""
    traces = {record["record_id"]: bytes.fromhex(record["trace_id"]) for record in records}
    said_at = {
        trace_id: record["start_time_unix_nano"]
        for record in records
        if is_signal(trace_id := bytes.fromhex(record["trace_id"]))
    }
    rated = user_ratings.rated_traces(said_at) if said_at else {}
    runs = {name: next(iter(rated.get(trace_id, (trace_id,))), b"") for name, trace_id in traces.items()}
    asked = run_questions.questions({trace_id for trace_id in runs.values() if trace_id})
    return {name: asked[trace_id] for name, trace_id in runs.items() if trace_id in asked}


def input_of_record(record: Mapping[str, Any], question: Any) -> CaseInput | None:
    """The input of one record; `question`: what its run was asked, None if that is not its input or unknown."""
    if question is not None:
        return CaseInput(question, QUESTION)
    if (recorded := captured_input(record)) is not None:
        return CaseInput(recorded, CALL)
    if parse_record_id(record["record_id"]) and is_signal(bytes.fromhex(record["trace_id"])):
        return None
    values, cut = request_attributes(record["attributes"])
    return CaseInput(values, ATTRIBUTES, cut) if values else None


def with_inputs(document: dict[str, Any]) -> dict[str, Any]:
    """
    The stored eval as it is given out: without cases that have no input, which earlier versions made.

    What is stored stays as it is, since approvals are of it.
    """
    stored = document.get("cases", [])
    cases = [case for case in stored if case.get("input") is not None]
    return document if len(cases) == len(stored) else document | {"cases": cases}


def captured_input(record: Mapping[str, Any]) -> Any:
    """The input of the record's call; None where none was captured."""
    return (record["capture"] or {}).get("input")


def request_attributes(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The attributes that say what was asked for, those of the request first, and which of them are cut."""
    names = sorted((name for name in attributes if not NOT_INPUT.search(name)), key=place_of)
    values, cut = {}, {}
    for name in names[:MOST_ATTRIBUTES]:
        value = attributes[name]
        text = value if isinstance(value, str) else json.dumps(value)
        values[name] = value if len(text) <= LONGEST else text[:LONGEST]
        if len(text) > LONGEST:
            cut[name] = len(text)
    return values, cut


def place_of(name: str) -> tuple[int, str]:
    """The place of an attribute: those of FIRST in their order, then the others by name."""
    places = (number for number, first in enumerate(FIRST) if name == first or name.startswith(first))
    return next(places, len(FIRST)), name
