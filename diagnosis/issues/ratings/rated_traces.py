"""The traces that the user signals of a cluster are about, in place of the traces that the signals themselves are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnosis.window import failing_records
from telemetry.reads import user_ratings
from telemetry.spans.signal_traces import PREFIX, is_signal

Rated = Mapping[bytes, tuple[bytes, ...]]  # the traces that a signal is about, by the signal's own trace id


@dataclass(frozen=True, slots=True)
class RatedTraces:
    """What the user signals among a cluster's records are about; nothing where none of its records is one."""

    by_signal: Rated = field(default_factory=dict)
    is_all_ratings: bool = False  # whether all records of the cluster are signals of POST /v1/feedback
    tokens: int = 0  # of the traces
    pending: int = 0  # signals about a trace or a session of which nothing has arrived

    def of(self, trace_ids: Iterable[bytes]) -> Iterable[bytes]:
        """These traces, each signal's replaced by those that it is about."""
        if not self.by_signal:
            return trace_ids
        return (rated for trace_id in trace_ids for rated in self.by_signal.get(trace_id, (trace_id,)))


NOT_RATED = RatedTraces()


def read_rated(records: Sequence[tuple[bytes, int]]) -> RatedTraces:
    """What the signals among these records of the bound project are about. `records`: trace id and start of each."""
    if (
        max((trace_id for trace_id, _ in records), default=b"") < PREFIX
    ):  # the usual case, without a look at each
        return NOT_RATED
    said_at = {trace_id: start for trace_id, start in records if is_signal(trace_id)}
    by_signal = user_ratings.rated_traces(said_at)
    traces = {trace_id for rated in by_signal.values() for trace_id in rated}
    is_all_ratings = all(trace_id in said_at for trace_id, _ in records)
    tokens, pending = failing_records.tokens_of(traces), user_ratings.pending(said_at)
    return RatedTraces(by_signal, is_all_ratings, tokens, pending)
