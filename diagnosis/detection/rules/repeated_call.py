"""
Calls that are repeated without progress: the `repeated_call` signal, found in the traces of agents.

A failure is three calls of one operation with the same arguments and the same result, between which nothing new was
called: step repetition, the most frequent failure of agents in https://arxiv.org/abs/2503.13657 (MAST, FM-1.3).
OpenHands stops a running agent at the fourth call (https://docs.openhands.dev/sdk/guides/agent-stuck-detector). In a
finished run three are enough, while a second call may only look a result up again. Not reported: results that change
(polling), other arguments (a batch), calls that fail (an issue of their own; a retry that succeeds is progress), and
content that was not recorded.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from diagnosis.detection import agent_calls
from diagnosis.detection.agent_calls import AgentCall, CallsByTrace, SampleBounds, SampledRun
from diagnosis.window.traffic import ServiceOperation
from telemetry.signals.failed_results import reported_problem, values_under
from telemetry.spans.failing_record import FailingRecord

SIGNAL = "repeated_call"
FIX_CATEGORY = "orchestration"
EXPECTATION = "A call with the same arguments and the same result is made twice at most."
ABOUT = "an agent makes the same call 3 times without progress"
COMPARES = "visits"
IN_OUTPUT = ""
THRESHOLD = 3  # calls
MANY = 10  # calls, from which on the severity is medium: nothing stopped the agent


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result must list the calls as `calls`, each with its arguments, and none of them THRESHOLD times or more."""
    if problem := reported_problem(result):
        return problem
    lists = [value for value in values_under(result, ("calls",)) if isinstance(value, list)]
    if not lists:
        return "the result does not say what was called: return it with `calls`"
    times = Counter(json.dumps(call, sort_keys=True) for calls in lists for call in calls)
    repeated = next((call for call, number in times.items() if number >= THRESHOLD), "")
    return f"called {THRESHOLD} times or more: {repeated}" if repeated else ""


def visits_in(calls_by_trace: CallsByTrace, bounds: SampleBounds) -> Iterator[SampledRun]:
    """Each sampled trace with each operation that it called, and its repeated call there, if it has one."""
    for run in agent_calls.runs_with_content(calls_by_trace, THRESHOLD, bounds):
        repeated_by_place = {calls[0].place: calls for calls in reversed(repeated_calls(run.calls))}
        for place, start in run.places.items():
            failure = repeated_failure(repeated_by_place[place]) if place in repeated_by_place else None
            yield SampledRun(place, run.trace_id, start, failure)


def repeated_calls(calls: Sequence[AgentCall]) -> list[list[AgentCall]]:
    """The calls of one trace, by time, that were repeated without progress: a list per operation and input. Pure."""
    tools = [call for call in calls if not call.is_model_call]
    models = [call for call in calls if call.is_model_call]
    return [*repeated_of_kind(tools), *repeated_of_kind(models)]


def repeated_of_kind(calls: Iterable[AgentCall]) -> list[list[AgentCall]]:
    """The repeated calls among these calls of tools alone or of models alone, a list per operation and input."""
    calls_by_request: dict[tuple[ServiceOperation, str], list[AgentCall]] = defaultdict(list)
    # Since the last call that gave something new.
    repetitions: Counter[tuple[ServiceOperation, str]] = Counter()
    repeated_requests: dict[tuple[ServiceOperation, str], None] = {}
    for call in calls:
        request = call.place, call.asked
        if all(other.result != call.result for other in calls_by_request[request]):
            repetitions.clear()
        else:
            repetitions[request] += 1
        calls_by_request[request].append(call)
        if repetitions[request] >= THRESHOLD - 1:
            repeated_requests[request] = None
    return [
        calls_by_request[request]
        for request in repeated_requests
        if is_without_progress(calls_by_request[request])
    ]


def is_without_progress(calls: list[AgentCall]) -> bool:
    """Whether all of these calls succeeded with the same result, and their input and result were recorded."""
    first = calls[0]
    is_recorded = first.asked and first.result
    return bool(is_recorded) and not any(call.has_failed or call.result != first.result for call in calls)


def repeated_failure(calls: list[AgentCall]) -> FailingRecord:
    """The call that reached the threshold, as a failing record."""
    number, place = len(calls), calls[0].place
    return calls[THRESHOLD - 1].record._replace(
        signal_type=SIGNAL,
        severity="medium" if number >= MANY else "low",
        message=f"called {number} times in one trace with the same arguments and the same result",
        fingerprint=agent_calls.run_rule_fingerprint(SIGNAL, place),
    )
