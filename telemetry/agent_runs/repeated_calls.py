"""
Runs in which a call is repeated without progress: the `repeated_call` signal.

A failure is three calls of one operation with the same arguments and the same result, between which nothing new was
called: step repetition, the most frequent failure of agents in https://arxiv.org/abs/2503.13657 (MAST, FM-1.3).
OpenHands stops a running agent at the fourth call (https://docs.openhands.dev/sdk/guides/agent-stuck-detector). In a
finished run three are enough, while a second call may only look a result up again. Not reported: results that change
(polling), other arguments (a batch), calls that fail (an issue of their own; a retry that succeeds is progress), and
content that was not recorded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from telemetry.agent_runs.call_keys import HALF_MASK, NOT_RECORDED
from telemetry.agent_runs.run_call import CallColumns, CalledOperation, RunCall, RunFailure

SIGNAL = "repeated_call"
THRESHOLD = 3  # calls
MANY = 10  # calls, from which on the severity is medium: nothing stopped the agent
MOST_READ = 100  # calls of one trace whose content is read: of model calls, the first

Request = tuple[CalledOperation, int]  # and the checksum of what was asked


def may_repeat(calls: Iterable[CallColumns]) -> bool:
    """Whether THRESHOLD of these calls may be equal, by what is known without reading their content."""
    keys = [call.call_key for call in calls if call.call_key is None or call.call_key & HALF_MASK]
    return len(keys) - len(set(keys)) >= THRESHOLD - 1 or (None in keys and len(keys) >= THRESHOLD)


def calls_to_read(calls: Sequence[RunCall]) -> list[RunCall]:
    """Those of a run's calls, by time, of which the content has to be read to see whether they are repeated."""
    if not may_repeat(calls):
        return []
    models = [call for call in calls if call.is_model_call]
    unknown = [call for call in calls if call.call_key is None and not call.is_model_call]
    return [*unknown, *(models if may_repeat(models) else ())][:MOST_READ]


def failures(calls: Sequence[RunCall]) -> Iterator[RunFailure]:
    """One failure for each operation that the run, whose calls these are by time, called without progress."""
    repeated_by_place = {group[0].place: group for group in reversed(repeated_calls(calls))}
    for group in repeated_by_place.values():
        number = len(group)
        yield RunFailure(
            SIGNAL,
            group[THRESHOLD - 1],
            "medium" if number >= MANY else "low",
            f"called {number} times in one trace with the same arguments and the same result",
        )


def repeated_calls(calls: Sequence[RunCall]) -> list[list[RunCall]]:
    """The calls of one trace, by time, that were repeated without progress: a list per operation and input."""
    tools = [call for call in calls if not call.is_model_call]
    models = [call for call in calls if call.is_model_call]
    return [*repeated_of_kind(tools), *repeated_of_kind(models)]


def repeated_of_kind(calls: Iterable[RunCall]) -> list[list[RunCall]]:
    """The repeated calls among these calls of tools alone or of models alone, a list per operation and input."""
    calls_by_request: dict[Request, list[RunCall]] = defaultdict(list)
    results: dict[Request, set[int]] = defaultdict(set)
    # Since the last call that gave something new.
    repetitions: Counter[Request] = Counter()
    repeated_requests: dict[Request, None] = {}
    for call in calls:
        asked, result = call.contents
        request = call.place, asked
        if result in results[request]:
            repetitions[request] += 1
        else:
            repetitions.clear()
        results[request].add(result)
        calls_by_request[request].append(call)
        if repetitions[request] >= THRESHOLD - 1:
            repeated_requests[request] = None
    return [
        calls_by_request[request]
        for request in repeated_requests
        if len(results[request]) == 1 and is_without_progress(calls_by_request[request])
    ]


def is_without_progress(calls: list[RunCall]) -> bool:
    """Whether all of these calls with one request and one result succeeded, and both were recorded."""
    return NOT_RECORDED not in calls[0].contents and not any(call.has_failed for call in calls)
