"""The runs of many calls at a glance: where each began, and in which of them a rule may find a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry.agent_runs.call_keys import HALF_MASK, MODEL_CALL
from telemetry.agent_runs.repeated_calls import THRESHOLD
from telemetry.agent_runs.run_call import CallColumns, TracePlace, is_before
from telemetry.agent_runs.unfounded_answers import HANDS_IN


@dataclass(slots=True)
class RunOverview:
    """The first call of each operation in each trace, and the traces whose runs have to be looked at."""

    first_calls: dict[TracePlace, CallColumns]
    suspects: set[bytes]

    @classmethod
    def of(cls, calls: Iterable[CallColumns]) -> RunOverview:
        """The overview of these calls, which have keys."""
        # Both rules in one pass, since most spans come here, and reading all of them again takes longer than this.
        first_calls: dict[TracePlace, CallColumns] = {}
        calling, founded = set[bytes](), set[bytes]()
        keys: list[tuple[bytes, int]] = []
        for call in calls:
            trace_id, key = call.trace_id, call.call_key
            place = trace_id, call.service, call.operation
            first = first_calls.setdefault(place, call)
            is_new = first is call or call.start_time_unix_nano > first.start_time_unix_nano  # as most are
            if not is_new and is_before(call, first):
                first_calls[place] = call
            if call.unit != MODEL_CALL:
                returned = call.fingerprint is None and call.tool not in HANDS_IN
                (founded if returned else calling).add(trace_id)
            if key and key & HALF_MASK:
                keys.append((trace_id, key))
        return cls(first_calls, repeating(keys) | (calling - founded))


def repeating(keys: Sequence[tuple[bytes, int]]) -> set[bytes]:
    """The traces with THRESHOLD equal calls, of the traces and the keys of calls."""
    if len(set(keys)) > len(keys) - THRESHOLD + 1:
        return set()
    return {trace_id for (trace_id, _), number in Counter(keys).items() if number >= THRESHOLD}
