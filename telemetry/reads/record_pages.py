"""
Pages of the bound project's records: filtered in SQL, newest first, keyset-paged.

Order: start time, trace id, span id, all descending. Where no index finds the matching records, an answer examines
MAX_SCAN records, then at most MAX_STRETCHES of the minutes that hold matches by the rollups (rollup_search.py). Such a
page may be short or empty and still have a next cursor; so may one of long records, which is bounded in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

import orjson
from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from telemetry.models import Attribution, Origin, Record, Trace
from telemetry.reads import cursors, record_json
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import (
    Filters,
    attributions,
    floor,
    in_window,
    is_of_session,
    matching_records,
    reach,
)
from telemetry.reads.record_json import NOTHING_READ, WholeRecords
from telemetry.reads.rollup_search import are_counted, matching_minutes, may_have
from telemetry.spans.record_ids import parse_record_id
from telemetry.store import segments
from telemetry.store.segments import plain_sizes
from telemetry.store.sql import fetch_many
from telemetry.store.transactions import snapshot
from telemetry.windows import Window
from tenants.stores.binding import bound_alias

DAMAGE_NOTE = (
    "Records that cannot be read whole, since the project's file is damaged: {}. See `missing` of each."
)
MAX_SCAN = 50_000
MOST_BYTES = (
    4 * 1024 * 1024
)  # of the records of a page in JSON, in which each sign may take four times as many yet
LONG = 1024 * 1024  # bytes of stored spans beyond which a page is measured
MAX_STRETCHES = 300  # minutes that one answer searches
MOST_ATTRIBUTED = 501  # attributions that one answer looks through: one more than the longest page
OF_RECORD = ("environment", "service", "operation", "signal_type")  # filters that are columns of a record
Key = tuple[bytes, bytes]  # trace and span id
Keyed = TypeVar("Keyed", Record, Attribution)
COLUMNS = [field.attname for field in Record._meta.concrete_fields]
# Not `pk__in`: for more than one row SQLite then reads the whole table, or parses an OR a thousand deep.
FIND = f"""
    WITH wanted (wanted_trace, wanted_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted
    JOIN telemetry_record ON trace_id = wanted_trace AND span_id = wanted_span
"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records of a window; `next_cursor` is None when there are no more."""

    window: Window
    records: list[dict[str, Any]]
    next_cursor: Cursor | None

    def shown(self) -> dict[str, Any]:
        """The page as answers show it."""
        return {
            "window": self.window.shown(),
            "records": self.records,
            "count": len(self.records),
            "complete": self.next_cursor is None,
            "next_cursor": str(self.next_cursor) if self.next_cursor else None,
        } | self.damage_note()

    def damage_note(self) -> dict[str, str]:
        """The note for a page with records that cannot be read whole; empty for a page without any."""
        damaged = sum("missing" in record for record in self.records)
        return {"note": DAMAGE_NOTE.format(damaged)} if damaged else {}


def page_of_records(window: Window, filters: Filters, cursor: Cursor | None, limit: int) -> RecordPage:
    """The newest records of the window that match, or the next ones behind the cursor."""
    with snapshot():
        if filters.environment and not may_have(filters.environment):
            return RecordPage(window, [], None)
        if filters.by_attribution:
            return attributed_page(window, filters, cursor, limit)
        lowest = floor(Record.objects.all(), window, cursor, MAX_SCAN) if filters.is_guess else None
        rows = newest_records(reach(window, cursor, lowest), filters, cursor)[: limit + 1]
        matches = list(rows)
        place = None if lowest is None else Cursor(cursors.RECORDS, window, lowest, bytes(24))
        if place and len(matches) <= limit and are_counted(filters):
            more, place = search_records(reach(window, place), filters, place, limit + 1 - len(matches))
            matches += more
        return shown_page(matches, cursors.RECORDS, window, limit, place)


def attributed_page(window: Window, filters: Filters, cursor: Cursor | None, limit: int) -> RecordPage:
    """The newest records that are attributed to a cluster, found in the index of attributions, or the next ones."""
    rows = without_cursor_rows(in_window(attributions(filters), reach(window, cursor)), cursor)
    newest = rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id")
    keys = list(newest.values_list("start_time_unix_nano", "trace_id", "span_id")[: MOST_ATTRIBUTED + 1])
    searched = keys[:MOST_ATTRIBUTED]
    matches = records_of_keys(
        [(bytes(trace_id), bytes(span_id)) for _, trace_id, span_id in searched], filters
    )
    if len(keys) <= MOST_ATTRIBUTED:
        return shown_page(matches, cursors.RECORDS, window, limit)
    start, trace_id, span_id = searched[-1]
    place = Cursor(cursors.RECORDS, window, start, bytes(trace_id) + bytes(span_id))
    return shown_page(matches, cursors.RECORDS, window, limit, place)


def records_of_keys(keys: Sequence[Key], filters: Filters) -> list[Record]:
    """Those failing records with these ids that meet the filters, whatever their cluster, in the keys' order."""
    by_key = {(bytes(row.trace_id), bytes(row.span_id)): row for row in find_rows(keys)}
    columns = {name: value for name in OF_RECORD if (value := getattr(filters, name))}
    of_session = traces_of_session(filters.session_id, {trace_id for trace_id, _ in keys})
    return [
        by_key[key]
        for key in keys
        if key in by_key
        and filters.outcome != record_json.OK
        and filters.record_id in (None, key)
        and filters.trace_id in (b"", key[0])
        and (not filters.session_id or key[0] in of_session)
        and all(getattr(by_key[key], name) == value for name, value in columns.items())
    ]


def traces_of_session(session_id: str, trace_ids: Iterable[bytes]) -> set[bytes]:
    """Those of the traces that are of the session; none without a session id."""
    if not session_id:
        return set()
    rows = Trace.objects.filter(is_of_session(session_id), trace_id__in=list(trace_ids))
    return {bytes(trace_id) for trace_id in rows.values_list("trace_id", flat=True)}


def newest_records(window: Window, filters: Filters, cursor: Cursor | None) -> QuerySet[Record]:
    """The records of the window that match, newest first; given a cursor, only those behind it."""
    rows = without_cursor_rows(matching_records(window, filters), cursor)
    return rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id")


def search_records(
    window: Window, filters: Filters, place: Cursor, limit: int
) -> tuple[list[Record], Cursor | None]:
    """
    The first matching records behind the place, from the minutes that hold any.

    The cursor is where to go on if there were more than MAX_STRETCHES such minutes, else None.
    """
    matches: list[Record] = []
    minutes = matching_minutes(window, filters)
    for minute in islice(minutes, MAX_STRETCHES):
        matches += newest_records(minute, filters, place)[: limit - len(matches)]
        if len(matches) == limit:
            return matches, None
    next_minute = next(minutes, None)
    if next_minute is None:
        return matches, None
    return matches, replace(place, start_unix_nano=next_minute.end_unix_nano)


def without_cursor_rows(rows: QuerySet[Keyed], cursor: Cursor | None) -> QuerySet[Keyed]:
    """The rows behind the cursor, where no row starts later than it."""
    if cursor is None:
        return rows
    return rows.filter(
        Q(start_time_unix_nano__lt=cursor.start_unix_nano)
        | Q(trace_id__lt=cursor.trace_id)
        | Q(trace_id=cursor.trace_id, span_id__lt=cursor.span_id)
    )


def cut_page(rows: QuerySet[Record], kind: bytes, window: Window, limit: int) -> RecordPage:
    """The page of the first `limit` rows, with a cursor behind them if there are more."""
    return shown_page(list(rows[: limit + 1]), kind, window, limit)


def shown_page(
    rows: list[Record], kind: bytes, window: Window, limit: int, otherwise: Cursor | None = None
) -> RecordPage:
    """
    The page of the first `limit` rows, or fewer where their records are long, with a cursor behind them if there are
    more, else with `otherwise`.
    """
    shown = fitting_documents(rows[:limit])
    if len(rows) <= len(shown):
        return RecordPage(window, shown, otherwise)
    last = rows[len(shown) - 1]
    key = bytes(last.trace_id) + bytes(last.span_id)
    return RecordPage(window, shown, Cursor(kind, window, last.start_time_unix_nano, key))


def fitting_documents(rows: list[Record]) -> list[dict[str, Any]]:
    """The first of these records as answers show them, in at most MOST_BYTES of JSON; one at least."""
    sizes = stored_sizes(rows)
    if sum(sizes) <= LONG:  # as nearly always, and then it need not be measured
        return record_json.records_json(rows)
    shown: list[dict[str, Any]] = []
    total = 0
    for portion in portions(rows, sizes):
        for document in record_json.records_json(portion):
            total += len(orjson.dumps(document, default=str))
            if total > MOST_BYTES and shown:
                return shown
            shown.append(document)
    return shown


def portions(rows: list[Record], sizes: list[int]) -> Iterator[list[Record]]:
    """The rows in portions of at most LONG bytes by their sizes, one row at least."""
    start = total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > LONG and number > start:
            yield rows[start:number]
            start, total = number, size
    yield rows[start:]


def stored_sizes(rows: list[Record]) -> list[int]:
    """
    About how many bytes are read for each of these records: its part of a segment, its resource and its scope.

    Each record repeats its resource and scope. A segment counts with the first record that has it.
    """
    sizes = plain_sizes(row.segment_id for row in rows)
    ids = {row.resource_id for row in rows} | {row.scope_id for row in rows}
    origins = dict(Origin.objects.filter(origin_id__in=ids).values_list("origin_id", Length("message")))
    return [
        own_part(sizes.pop(row.segment_id, 0))
        + origins.get(row.resource_id, 0)
        + origins.get(row.scope_id, 0)
        for row in rows
    ]


def own_part(size: int) -> int:
    """The part of a segment of this size that one record has: all if it is long, as it is alone in it then."""
    return size if size > segments.MOST_BYTES else size // 4


def find_records(record_ids: Iterable[str], read: WholeRecords = NOTHING_READ) -> dict[str, dict[str, Any]]:
    """The stored records among these ids as answers show them, by record id. `read`: what was read before."""
    keys = {ids for record_id in record_ids if (ids := parse_record_id(record_id))}
    known = {ids: read[b"".join(ids)].row for ids in keys if b"".join(ids) in read}
    with snapshot():
        documents = record_json.records_json([*known.values(), *find_rows(keys - known.keys())], read)
    return {record["record_id"]: record for record in documents}


def is_stored(ids: tuple[bytes, bytes]) -> bool:
    """Whether there is a record with this trace id and span id."""
    return bool(fetch_many(FIND, [ids]))


def rows_of(record_ids: Iterable[str]) -> list[Record]:
    """The stored records among these ids, as rows."""
    return find_rows({ids for record_id in record_ids if (ids := parse_record_id(record_id))})


def find_rows(keys: Iterable[Key]) -> list[Record]:
    """The stored records with these trace and span ids."""
    return [Record.from_db(bound_alias(), COLUMNS, values) for values in fetch_many(FIND, sorted(set(keys)))]
