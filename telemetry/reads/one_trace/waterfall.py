"""
One trace as rows with bars, a page at a time, opened at the span that is asked for.

Of a long trace, the MOST spans around that span are read; texts are read for the rows of the page alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.models import Record, Trace
from telemetry.reads.one_trace import trace_tree
from telemetry.reads.one_trace.context_logs import ContextOfTraces, ShownLog, context_of
from telemetry.reads.one_trace.trace_tree import PlacedSpan, SpanNode
from telemetry.spans.record_ids import record_id
from telemetry.store.transactions import snapshot

PAGE = 100  # rows
ABOVE = 20  # rows on the page above the span that is asked for
MOST = 20_000  # spans: half of them before the span that is asked for, half from it on
DEEPEST = 8  # levels of indent that a phone has room for
ANCESTORS = 6  # rows named above a page that starts in the middle of a tree
SCALE = 1000  # units that the drawing is wide
THINNEST = 4  # units that a bar is wide at least, so that a span of no length stays visible
TEXTS = ("span_id", "name", "operation", "service", "signal_type", "fingerprint")


@dataclass(frozen=True, slots=True)
class RowLabel:
    """The texts of a row, beside its bar."""

    title: str
    service: str
    signal_type: str
    is_failure: bool


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One span: its label, its place in the tree, and its bar in units of SCALE."""

    record_id: str
    label: RowLabel
    depth: int
    fault: str
    is_chosen: bool
    offset_ms: float
    duration_ms: float
    x: int
    width: int

    @property
    def indent(self) -> int:
        """The levels of indent, DEEPEST at most."""
        return min(self.depth, DEEPEST)


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log record beside the trace."""

    log: ShownLog
    offset_ms: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A page of a trace; `earlier` and `later` are the first rows of the pages before and after it."""

    rows: list[WaterfallRow]
    first: int
    total: int  # rows there are
    stored: int  # spans of the trace
    inside: list[str]  # titles of the ancestors of the first row, outermost first
    from_ms: float
    to_ms: float  # the stretch of the trace that the bars show
    earlier: int | None
    later: int | None
    context: list[LogRow]  # the first log records that are kept beside the trace
    context_total: int

    @property
    def last(self) -> int:
        """The number of the page's last row, from 1."""
        return self.first + len(self.rows)


def read_waterfall(trace_id: bytes, span_id: bytes, first: int | None = None) -> Waterfall | None:
    """The page that starts at row `first`, or the one that shows the span; None if the span is not stored."""
    with snapshot():
        record = Record.objects.filter(trace_id=trace_id, span_id=span_id).first()
        if record is None:
            return None
        stored = stored_spans(trace_id)
        tree = trace_tree.placed_spans(nodes(trace_id, stored, record.start_time_unix_nano))
        start = page_start(tree, span_id, first)
        in_sight = [*ancestors(tree, start), *tree[start : start + PAGE]]
        labels = labelled(trace_id, [row.node.span_id for row in in_sight])
        context = context_of([trace_id])
    return drawn(tree, start, record, labels, stored, context)


def stored_spans(trace_id: bytes) -> int:
    """The number of the trace's spans: as its row says, or counted where the row is not stored."""
    number = Trace.objects.filter(pk=trace_id).values_list("records", flat=True).first()
    return Record.objects.filter(trace_id=trace_id).count() if number is None else number


def page_start(tree: Sequence[PlacedSpan], span_id: bytes, first: int | None) -> int:
    """The first row of the page: `first` if given, else one from which the span is on the page."""
    if first is not None:
        return min(max(0, first), len(tree) - 1)
    position = next(number for number, row in enumerate(tree) if row.node.span_id == span_id)
    return 0 if position < PAGE else position - ABOVE


def drawn(
    tree: Sequence[PlacedSpan],
    start: int,
    record: Record,
    labels: dict[bytes, RowLabel],
    stored: int,
    context: ContextOfTraces,
) -> Waterfall:
    """The page that starts at row `start`."""
    page, inside = tree[start : start + PAGE], ancestors(tree, start)
    scale = TimeScale.of([row.node for row in page], min(row.node.start_unix_nano for row in tree))
    return Waterfall(
        rows=[waterfall_row(row, record, labels[row.node.span_id], scale) for row in page],
        first=start,
        total=len(tree),
        stored=stored,
        inside=[labels[row.node.span_id].title for row in inside],
        from_ms=scale.offset_ms(scale.start),
        to_ms=scale.offset_ms(scale.end),
        earlier=max(0, start - PAGE) if start else None,
        later=start + PAGE if start + PAGE < len(tree) else None,
        context=[LogRow(log, scale.offset_ms(log.time_unix_nano)) for log in context.logs],
        context_total=context.total,
    )


def nodes(trace_id: bytes, stored: int, around_unix_nano: int) -> list[SpanNode]:
    """The trace's spans by start time: all of them, or the MOST around that time."""
    spans = Record.objects.filter(trace_id=trace_id).values_list(
        "span_id", "parent_span_id", "start_time_unix_nano", "duration_nano"
    )
    by_start = spans.order_by("start_time_unix_nano", "span_id")
    if stored > MOST:
        before = spans.filter(start_time_unix_nano__lt=around_unix_nano)
        earlier = before.order_by("-start_time_unix_nano", "-span_id")[: MOST // 2]
        later = by_start.filter(start_time_unix_nano__gte=around_unix_nano)[: MOST // 2]
        rows = [*earlier[::-1], *later]
    else:
        rows = list(by_start)
    return [
        SpanNode(bytes(span), bytes(parent) if parent else None, start, duration)
        for span, parent, start, duration in rows
    ]


def ancestors(tree: Sequence[PlacedSpan], start: int) -> list[PlacedSpan]:
    """The nearest ancestors of the row at `start`, outermost first, ANCESTORS of them at most."""
    rows: list[PlacedSpan] = []
    depth = tree[start].depth
    for row in reversed(tree[:start]):
        if not depth or len(rows) == ANCESTORS:
            break
        if row.depth < depth:
            rows.append(row)
            depth = row.depth
    return rows[::-1]


def labelled(trace_id: bytes, span_ids: Sequence[bytes]) -> dict[bytes, RowLabel]:
    """The labels of these spans, by span id."""
    rows = Record.objects.filter(trace_id=trace_id, span_id__in=span_ids).values_list(*TEXTS)
    return {
        bytes(span): RowLabel(name or operation or "unnamed", service, signal_type, fingerprint is not None)
        for span, name, operation, service, signal_type, fingerprint in rows
    }


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The stretch of time that a page's bars show."""

    origin: int  # start of the trace, unix nanoseconds
    start: int
    end: int

    @classmethod
    def of(cls, nodes: Sequence[SpanNode], origin: int) -> TimeScale:
        """The scale from the first start to the last end of these spans."""
        ends = (node.start_unix_nano + node.duration_nano for node in nodes)
        return cls(origin, min(node.start_unix_nano for node in nodes), max(ends))

    def offset_ms(self, nano: int) -> float:
        """Milliseconds since the trace began."""
        return (nano - self.origin) / 1e6

    def bar(self, node: SpanNode) -> tuple[int, int]:
        """The left edge and the width of a span's bar."""
        length = max(1, self.end - self.start)
        width = max(THINNEST, node.duration_nano * SCALE // length)
        return min((node.start_unix_nano - self.start) * SCALE // length, SCALE - width), width


def waterfall_row(row: PlacedSpan, record: Record, label: RowLabel, scale: TimeScale) -> WaterfallRow:
    """The row of one span."""
    node = row.node
    x, width = scale.bar(node)
    return WaterfallRow(
        record_id=record_id(record.trace_id, node.span_id),
        label=label,
        depth=row.depth,
        fault=row.fault,
        is_chosen=node.span_id == bytes(record.span_id),
        offset_ms=scale.offset_ms(node.start_unix_nano),
        duration_ms=node.duration_nano / 1e6,
        x=x,
        width=width,
    )
