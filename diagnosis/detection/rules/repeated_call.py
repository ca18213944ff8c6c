"""
The same call again and again without progress: the `repeated_call` signal, found in the traces of agents.

Three calls of one operation with the same arguments and the same result, between which nothing new was done: step
repetition, the most frequent failure of agents in https://arxiv.org/abs/2503.13657 (MAST, FM-1.3). OpenHands stops a
running agent at the fourth (https://docs.openhands.dev/sdk/guides/agent-stuck-detector); after the fact the third
says enough, while two may be a look back. Quiet: results that change (polling), other arguments (a batch), calls
that fail (an issue of their own; a retry that succeeds is progress), and content that was not recorded.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from diagnosis.detection import agent_calls as calls
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
MANY = 10  # calls; a loop that nothing stopped


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result must list what was called as `calls`, each with its arguments: none is there as often as it was."""
    if problem := reported_problem(result):
        return problem
    lists = [value for value in values_under(result, ("calls",)) if isinstance(value, list)]
    if not lists:
        return "the result does not say what was called: return it with `calls`"
    times = Counter(json.dumps(call, sort_keys=True) for calls in lists for call in calls)
    repeated = next((call for call, number in times.items() if number >= THRESHOLD), "")
    return f"called {THRESHOLD} times or more: {repeated}" if repeated else ""


def visits_in(made: CallsByTrace, bounds: SampleBounds) -> Iterator[SampledRun]:
    """Each trace that was looked at, with each operation that it called."""
    for run in calls.runs_with_content(made, THRESHOLD, bounds):
        stuck = {one[0].place: one for one in reversed(repeated(run.calls))}
        for place, start in run.places.items():
            found = repeated_failure(stuck[place]) if place in stuck else None
            yield SampledRun(place, run.trace_id, start, found)


def repeated(made: Sequence[AgentCall]) -> list[list[AgentCall]]:
    """The calls of one trace, by time, that were made again without progress: those of each loop. Pure."""
    tools = [call for call in made if not call.is_model_call]
    models = [call for call in made if call.is_model_call]
    return [*stuck_in(tools), *stuck_in(models)]


def stuck_in(made: Iterable[AgentCall]) -> list[list[AgentCall]]:
    """The same for calls of one kind."""
    same: dict[tuple[ServiceOperation, str], list[AgentCall]] = defaultdict(list)
    again: Counter[tuple[ServiceOperation, str]] = Counter()  # since something new was done
    stuck: dict[tuple[ServiceOperation, str], None] = {}
    for call in made:
        asked = call.place, call.asked
        if all(other.result != call.result for other in same[asked]):
            again.clear()
        else:
            again[asked] += 1
        same[asked].append(call)
        if again[asked] >= THRESHOLD - 1:
            stuck[asked] = None
    return [same[asked] for asked in stuck if is_without_progress(same[asked])]


def is_without_progress(same: list[AgentCall]) -> bool:
    """Whether each of the same calls gave the same result, as far as that is known."""
    first = same[0]
    is_known = first.asked and first.result
    return bool(is_known) and not any(call.has_failed or call.result != first.result for call in same)


def repeated_failure(same: list[AgentCall]) -> FailingRecord:
    """The call that was one too many, as a record that hurts."""
    number, place = len(same), same[0].place
    return same[THRESHOLD - 1].failing._replace(
        signal_type=SIGNAL,
        severity="medium" if number >= MANY else "low",
        message=f"called {number} times in one trace with the same arguments and the same result",
        fingerprint=calls.run_rule_fingerprint(SIGNAL, place),
    )
