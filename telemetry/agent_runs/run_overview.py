"""The runs of many calls at a glance: where each began, and in which of them a rule may find a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from telemetry.agent_runs.call_keys import HALF_MASK, MODEL_CALL
from telemetry.agent_runs.repeated_calls import THRESHOLD
from telemetry.agent_runs.run_call import CallColumns, TracePlace
from telemetry.agent_runs.unfounded_answers import HANDS_IN

time_of = attrgetter("start_time_unix_nano", "span_id")
place_of = attrgetter("trace_id", "service", "operation")
key_of = attrgetter("trace_id", "call_key")


@dataclass(slots=True)
class RunOverview:
    """The first call of each operation in each trace, and the traces whose runs have to be looked at."""

    first_calls: dict[TracePlace, CallColumns]
    suspects: set[bytes]

    @classmethod
    def of(cls, calls: Iterable[CallColumns]) -> RunOverview:
        """The overview of these calls, which have keys."""
        # Most spans come here. The last of those with one place counts in a dict: with the latest first, the earliest.
        by_time = sorted(calls, key=time_of, reverse=True)
        others = [call for call in by_time if call.unit != MODEL_CALL]
        calling = {call.trace_id for call in others}
        founded = {call.trace_id for call in others if call.fingerprint is None and call.tool not in HANDS_IN}
        keys = [pair for pair in map(key_of, by_time) if pair[1] and pair[1] & HALF_MASK]
        return cls(
            dict(zip(map(place_of, by_time), by_time, strict=True)), repeating(keys) | (calling - founded)
        )


def repeating(keys: Sequence[tuple[bytes, int]]) -> set[bytes]:
    """The traces with THRESHOLD equal calls, of the traces and the keys of calls."""
    if len(set(keys)) > len(keys) - THRESHOLD + 1:
        return set()
    return {trace_id for (trace_id, _), number in Counter(keys).items() if number >= THRESHOLD}
