"""
The order of spans that were sent with one span id: the caller around the called one, and its children inside both.

Only the span that came first is stored under the id that the others name as their parent. So that attribution does not
depend on the order in which they came, these spans are put inside each other by their kind, then by their start.
https://github.com/openzipkin/b3-propagation#why-is-parentspanid-propagated
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from telemetry.spans.failing_record import FailingRecord

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
DEPTH = {CLIENT: 0, PRODUCER: 0, SERVER: 2, CONSUMER: 2}  # of a kind; others are between
Key = tuple[bytes, bytes]  # trace and span id


class SharingSpan(NamedTuple):
    """One of the spans that were sent with the same ids."""

    trace_id: bytes
    sent_span_id: bytes
    span_id: bytes
    kind: int
    start_time_unix_nano: int

    @property
    def place(self) -> tuple[int, int, bytes]:
        """By which these spans are ordered, the outermost first."""
        return DEPTH.get(self.kind, 1), self.start_time_unix_nano, self.span_id


def relinked(
    failures: Sequence[FailingRecord], parents: Mapping[Key, bytes], sharing: Iterable[SharingSpan]
) -> tuple[list[FailingRecord], dict[Key, bytes]]:
    """The failing records and the parents of spans by their ids, with the spans of each shared id inside each other."""
    groups: dict[Key, list[SharingSpan]] = defaultdict(list)
    for span in set(sharing):
        groups[span.trace_id, span.sent_span_id].append(span)
    ordered = [sorted(group, key=lambda span: span.place) for group in groups.values()]
    innermost_ids = {(group[-1].trace_id, group[-1].sent_span_id): group[-1].span_id for group in ordered}
    outer_ids = {
        (inner.trace_id, inner.span_id): outer.span_id
        for group in ordered
        for outer, inner in pairwise(group)
    }
    links = {
        key: innermost_ids.get((key[0], parent_id), parent_id) for key, parent_id in parents.items()
    } | outer_ids
    return [
        failing._replace(
            parent_span_id=links.get((failing.trace_id, failing.span_id), failing.parent_span_id)
        )
        for failing in failures
    ], links
