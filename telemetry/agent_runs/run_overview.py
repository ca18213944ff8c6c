"""The runs of many calls at a glance: where each began, and in which of them a rule may find a failure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetry.agent_runs.call_keys import HALF_MASK, MODEL_CALL
from telemetry.agent_runs.repeated_calls import THRESHOLD
from telemetry.agent_runs.run_call import CallColumns, TracePlace, is_before
from telemetry.agent_runs.unfounded_answers import HANDS_IN


@dataclass(slots=True)
class RunOverview:
    """The first call of each operation in each trace, and the traces whose runs have to be looked at."""

    first_calls: dict[TracePlace, CallColumns] = field(default_factory=dict)
    suspects: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Iterable[CallColumns]) -> RunOverview:
        """The overview of these rows, of which those without a key are no calls."""
        # Both rules in one pass, since every span comes here, and reading all of them again takes longer than this.
        overview = cls()
        equal_calls: dict[tuple[bytes, int], int] = {}
        calling, founded = set[bytes](), set[bytes]()
        for row in rows:
            key = row.call_key
            if key is None:
                continue
            trace_id = row.trace_id
            first = overview.first_calls.setdefault((trace_id, row.service, row.operation), row)
            if first is not row and is_before(row, first):
                overview.first_calls[trace_id, row.service, row.operation] = row
            if row.unit != MODEL_CALL:
                returned = row.fingerprint is None and row.tool not in HANDS_IN
                (founded if returned else calling).add(trace_id)
            if key & HALF_MASK:
                number = equal_calls.get((trace_id, key), 0) + 1
                equal_calls[trace_id, key] = number
                if number == THRESHOLD:
                    overview.suspects.add(trace_id)
        overview.suspects |= calling - founded
        return overview
