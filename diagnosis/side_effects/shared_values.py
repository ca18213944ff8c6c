"""
The attributes whose values requests that fail with another cluster have in common with those that the failure hit.

A fix can leave the same requests failing, in another way. Then those that fail now have what the hit ones had (the same
user, coupon, input), and healthy requests of the same kind rarely do. For each attribute there is one table: with a
value that a hit request had or without, failing or healthy. Fisher's exact test
(https://en.wikipedia.org/wiki/Fisher%27s_exact_test) gives its chance if they have nothing to do with each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q

from diagnosis.issues.hints.facts import is_effect
from diagnosis.side_effects.compared_requests import FailedRequest
from diagnosis.side_effects.hit_requests import HitRequests
from diagnosis.statistics.fisher import WindowCounts, p_value
from diagnosis.statistics.rates import Counts
from diagnosis.window.cluster_counts import Target
from diagnosis.window.sampling import slices
from telemetry.hashing import hash64_of_texts
from telemetry.models import Record, Trace
from telemetry.otlp.values import plain_attributes
from telemetry.reads.filters import in_window
from telemetry.reads.record_parts import parts_of
from telemetry.store.sql import id_chunks
from telemetry.windows import Window

MOST_HIT, HEALTHY_A_SLICE = 50, 15  # requests that are read
RECORDS_A_REQUEST = 10  # that are read
COMMON = 0.5  # share of the failing requests, at least, that have a value of the hit ones
LONGEST = 100  # characters of a value that is kept as it is
USER, SESSION = "user id", "session id"  # of the trace, beside its records' attributes

ValuesOf = Sequence[Mapping[str, frozenset[str]]]  # of requests, each by attribute
RequestValues = defaultdict[str, set[str]]


class PlacedRecord(NamedTuple):
    """A record's ids, with the places of its parts in the store."""

    trace_id: bytes
    span_id: bytes
    segment_id: int
    position: int
    resource_id: int
    scope_id: int


def shared_attributes(failing: ValuesOf, healthy: ValuesOf, hit: ValuesOf, chance: float) -> list[str]:
    """
    The attributes of which failing requests have a value of the hit ones more often than healthy ones do, most first.

    Args:
        chance: to name any attribute wrongly. Those that could be named are tested at their part of it (Tarone 1990,
            https://doi.org/10.2307/2531456): a value that all requests have, or none, tells nothing and takes nothing.
    """
    hit_values = values_by_attribute(hit)
    if not (failing and healthy):
        return []
    tables: dict[str, WindowCounts] = {}
    for attribute, texts in hit_values.items():
        having, usual = (
            Counts(sum(not texts.isdisjoint(values.get(attribute, ())) for values in side), len(side))
            for side in (failing, healthy)
        )
        tables[attribute] = WindowCounts(having, usual)
    level = chance / number_testable([least_p_value(table) for table in tables.values()], chance)
    found = [
        (p_value(table), attribute)
        for attribute, table in tables.items()
        if table.now.failures >= COMMON * table.now.exposure
    ]
    return distinct([attribute for p, attribute in sorted(found) if p <= level], [*failing, *hit])


def distinct(attributes: Iterable[str], requests: ValuesOf) -> list[str]:
    """The attributes, and the first alone of those with the same values in each request: user id and user.id."""
    firsts: dict[tuple[frozenset[str], ...], str] = {}
    for attribute in attributes:
        firsts.setdefault(tuple(values.get(attribute, frozenset()) for values in requests), attribute)
    return list(firsts.values())


def values_by_attribute(requests: ValuesOf) -> dict[str, set[str]]:
    """The values of any of these requests, by attribute."""
    by_attribute: dict[str, set[str]] = defaultdict(set)
    for values in requests:
        for attribute, of_one in values.items():
            by_attribute[attribute] |= of_one
    return by_attribute


def has_common(failing: ValuesOf, hit: ValuesOf) -> bool:
    """Whether there is an attribute of which enough failing requests have a value of the hit ones."""
    return any(
        sum(not texts.isdisjoint(values.get(attribute, ())) for values in failing) >= COMMON * len(failing)
        for attribute, texts in values_by_attribute(hit).items()
    )


def least_p_value(table: WindowCounts) -> float:
    """The least p-value of a table with these sums of rows and columns."""
    having = table.now.failures + table.before.failures
    most = min(having, table.now.exposure)
    return p_value(
        WindowCounts(Counts(most, table.now.exposure), Counts(having - most, table.before.exposure))
    )


def number_testable(least: Sequence[float], chance: float) -> int:
    """The least number, from 1, of which no more tables can be significant at that part of the chance."""
    return next(
        number for number in range(1, len(least) + 2) if sum(p <= chance / number for p in least) <= number
    )


def read_failing(requests: Iterable[FailedRequest], target: Target, hit: HitRequests) -> ValuesOf:
    """The values of these failing requests, of which no two are of one session, since these are alike."""
    return read_values([request.trace_id for request in requests], target, hit)


def read_hit(target: Target, hit: HitRequests) -> ValuesOf:
    """The values of requests that the loop's failure hit."""
    return read_values(hit.trace_ids[:MOST_HIT], target, hit)


def read_healthy(window: Window, target: Target, hit: HitRequests) -> ValuesOf:
    """The values of requests of the kind that was hit in which nothing failed, spread over the window."""
    sample: list[bytes] = []
    for part in slices(window):
        begun = in_window(Record.objects.filter(hit.begun_in, fingerprint__isnull=True), part)
        starts = target.without_excluded(begun).order_by("start_time_unix_nano", "trace_id")
        sample += map(bytes, starts.values_list("trace_id", flat=True)[:HEALTHY_A_SLICE])
    return read_values(without_failures(sample), target, hit)


def without_failures(trace_ids: Iterable[bytes]) -> list[bytes]:
    """Those of these traces in which nothing failed."""
    return [
        bytes(trace_id)
        for chunk in id_chunks(trace_ids)
        for trace_id in Trace.objects.filter(trace_id__in=chunk, failures=0).values_list(
            "trace_id", flat=True
        )
    ]


def read_values(trace_ids: Sequence[bytes], target: Target, hit: HitRequests) -> ValuesOf:
    """The values of each of these requests: of the records in which it began or the loop's operation ran."""
    values: dict[bytes, RequestValues] = {trace_id: defaultdict(set) for trace_id in trace_ids}
    for chunk in id_chunks(trace_ids):
        people = Trace.objects.filter(trace_id__in=chunk).values_list("trace_id", "session_id", "user_id")
        for trace_id, session_id, user_id in people:
            add_values(values[bytes(trace_id)], {USER: user_id, SESSION: session_id})
    records = compared_records(trace_ids, hit.begun_in | target.ran)
    for record, parts in zip(records, parts_of(records), strict=True):
        add_values(values[record.trace_id], plain_attributes(parts.span.attributes))
    return [{name: frozenset(texts) for name, texts in of_one.items()} for of_one in values.values()]


def compared_records(trace_ids: Sequence[bytes], condition: Q) -> list[PlacedRecord]:
    """The first records of each of these traces that meet the condition, RECORDS_A_REQUEST at most."""
    by_trace: dict[bytes, list[PlacedRecord]] = defaultdict(list)
    for chunk in id_chunks(trace_ids):
        rows = Record.objects.filter(condition, trace_id__in=chunk).order_by(
            "start_time_unix_nano", "span_id"
        )
        for trace_id, span_id, *places in rows.values_list(*PlacedRecord._fields):
            by_trace[bytes(trace_id)].append(PlacedRecord(bytes(trace_id), bytes(span_id), *places))
    return [record for records in by_trace.values() for record in records[:RECORDS_A_REQUEST]]


def add_values(values: RequestValues, attributes: Mapping[str, Any]) -> None:
    """Add the attributes that are set and do not describe a failure; of a long value, such as an input, its hash."""
    for name, value in attributes.items():
        text = str(value)
        if text and not is_effect(name):
            values[name].add(text if len(text) <= LONGEST else str(hash64_of_texts(text)))
