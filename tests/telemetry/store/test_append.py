"""Rows in, once: what is counted is what is stored, whatever order, batches, threads or workers it came in."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry.models import (
    Attribution,
    DayRollup,
    DeploymentCounts,
    HourRollup,
    Record,
    Release,
    Rollup,
    Tally,
    Trace,
)
from telemetry.reads.record_parts import parts_of
from telemetry.store.batch import Receipt
from telemetry.store.counts.row_groups import bucket
from telemetry.store.insertion import COLUMNS
from telemetry.windows import MINUTE_NANO
from tenants.models import Project
from tenants.stores.binding import bind
from tests.server import Server
from tests.telemetry.factory import request, span, store

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Fact = dict[str, Any]
project_numbers = count()


def fresh(quota_spans: int | None = None) -> Project:
    """A project of its own, known to its telemetry alone."""
    return Project(project_id=f"store-{next(project_numbers):08x}", quota_spans=quota_spans)


def spans(*ids: Any) -> list[Fact]:
    """Spans of one trace."""
    return [span(id=name, at=NOW) for name in ids]


def receipt(accepted: int, duplicates: int, over: int) -> Receipt:
    """What is expected of an append."""
    return Receipt(accepted, duplicates, Counter({"over_quota": over}) if over else Counter())


def rows_of(project: Project) -> dict[str, Any]:
    """Everything that is counted, and the records it should be counted from."""
    with bind(project):
        rows = Record.objects.order_by("trace_id", "span_id")
        spans = [parts.span for parts in parts_of(list(rows))]
        return {
            "records": list(rows.values(*COLUMNS)),
            "spans": [span.SerializeToString(deterministic=True) for span in spans],
            "rollups": {
                row.pk: (row.count, row.duration_nano_sum, row.duration_nano_max)
                for row in Rollup.objects.all()
            },
            "longer": [list(table.objects.order_by("pk").values()) for table in (HourRollup, DayRollup)],
            "attributions": list(Attribution.objects.order_by("pk").values()),
            "deployments": list(DeploymentCounts.objects.order_by("pk").values()),
            "releases": list(Release.objects.order_by("pk").values()),
            "traces": {bytes(row.pop("trace_id")): row for row in Trace.objects.values()},
            "tallies": dict(Tally.objects.values_list("reason", "count")),
        }


def recount_rollups(records: list[Fact]) -> dict[Any, Any]:
    """The rollups that these records make."""
    groups = defaultdict(list)
    for row in records:
        duration = row["duration_nano"]
        minute = row["start_time_unix_nano"] // MINUTE_NANO
        key = (minute, row["service"], row["operation"], row["fingerprint"] or 0, bucket(duration))
        groups[key].append(duration)
    return {key: (len(durations), sum(durations), max(durations)) for key, durations in groups.items()}


def recount_traces(records: list[Fact]) -> dict[bytes, Fact]:
    """What the traces' rows say of these records, as far as records hold it."""
    members = defaultdict(list)
    for row in records:
        members[bytes(row["trace_id"])].append(row)
    return {
        trace_id: {
            "records": len(rows),
            "failures": sum(row["fingerprint"] is not None for row in rows),
            "start_time_unix_nano": min(row["start_time_unix_nano"] for row in rows),
            "end_time_unix_nano": max(row["start_time_unix_nano"] + row["duration_nano"] for row in rows),
            "input_tokens": sum(row["input_tokens"] or 0 for row in rows),
            "output_tokens": sum(row["output_tokens"] or 0 for row in rows),
            "service": min((row["service"] for row in rows if row["service"]), default=""),
            "agent": min((row["agent"] for row in rows if row["agent"]), default=""),
        }
        for trace_id, rows in members.items()
    }


def assert_counts_equal_a_recount(project: Project) -> None:
    """Rollups, traces and the tally of stored spans are true of the records."""
    rows = rows_of(project)
    assert rows["rollups"] == recount_rollups(rows["records"])
    recounted = recount_traces(rows["records"])
    assert {
        key: {name: row[name] for name in recounted[key]} for key, row in rows["traces"].items()
    } == recounted
    assert rows["tallies"].get("stored", 0) == len(rows["records"])


@st.composite
def sent_spans(draw: st.DrawFn) -> Fact:
    """A span out of few values, so that groups, traces and duplicates meet."""
    model_call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": draw(st.sampled_from(["small", "large"])),
        "gen_ai.usage.input_tokens": draw(st.integers(-5, 1 << 62)),
        "gen_ai.usage.output_tokens": draw(st.integers(0, 50)),
    }
    facts = {
        "session.id": draw(st.sampled_from(["", "s-1", "s-2"])),
        "gen_ai.agent.name": draw(st.sampled_from(["", "a", "b"])),
    }
    return span(
        draw(st.sampled_from(["read", "write"])),
        trace=draw(st.integers(0, 3)),
        id=draw(st.integers(0, 12)),
        at=NOW + timedelta(seconds=draw(st.integers(-90, 90))),
        duration_ms=draw(st.sampled_from([0, 0.3, 5, 5000])),
        error=draw(st.sampled_from(["", "", "no stock", "timeout"])),
        attributes=facts | (model_call if draw(st.booleans()) else {}),
    )


@given(
    sent=st.lists(sent_spans(), max_size=14),
    cuts=st.lists(st.integers(0, 14), max_size=3),
    random=st.randoms(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_equal_a_recount_whatever_the_order_and_the_batches(
    db: None, sent: list[Fact], cuts: list[int], random: Any
) -> None:
    whole, split = fresh(), fresh()
    unique = list({(one["traceId"], one["spanId"]): one for one in sent}.values())
    shuffled = random.sample(unique, len(unique))

    store(whole, unique, NOW)
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(shuffled)], strict=True):
        store(split, shuffled[start:end], NOW)
        store(split, shuffled[:end], NOW)  # and everything once more

    assert_counts_equal_a_recount(whole)
    assert_counts_equal_a_recount(split)
    one, other = rows_of(whole), rows_of(split)
    assert {name: one[name] for name in ("records", "spans", "rollups", "traces")} == {
        name: other[name] for name in ("records", "spans", "rollups", "traces")
    }


def test_a_span_twice_in_one_request_is_stored_once(db: None) -> None:
    project = fresh()
    first = span("first", id=1, at=NOW)

    assert store(project, [first, first, *spans(2)], NOW) == receipt(2, 1, 0)
    assert store(project, [first], NOW) == receipt(0, 1, 0)

    rows = rows_of(project)
    assert sorted(row["name"] for row in rows["records"]) == ["first", "work"]
    assert rows["tallies"] == {"stored": 2, "duplicate": 2}
    assert_counts_equal_a_recount(project)


def test_more_spans_than_one_statement_takes_are_stored_whole(db: None) -> None:
    project = fresh(quota_spans=1500)
    many = [span(trace=n % 700, id=n, at=NOW) for n in range(1600)]

    assert store(project, many[:900], NOW) == receipt(900, 0, 0)
    assert store(project, many, NOW) == receipt(600, 900, 100)
    assert_counts_equal_a_recount(project)


def test_what_fits_the_quota_is_taken_in_order_and_duplicates_cost_nothing(db: None) -> None:
    project = fresh(quota_spans=3)

    assert store(project, spans(1, 2), NOW) == receipt(2, 0, 0)
    assert store(project, spans(4, 1, 5, 4, 5, 2), NOW) == receipt(1, 3, 2)
    assert store(project, spans(1, 2, 4), NOW) == receipt(0, 3, 0)
    assert store(project, spans(6, 6), NOW) == receipt(0, 0, 2)

    assert rows_of(project)["tallies"] == {"stored": 3, "duplicate": 6, "over_quota": 4}


def test_a_failed_append_leaves_nothing_behind(db: None, monkeypatch: Any) -> None:
    project = fresh()

    def fail(*rows: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("telemetry.store.append.tally_spans", fail)
    try:
        store(project, spans(1), NOW)
    except RuntimeError:
        rows = rows_of(project)

    assert (rows["records"], rows["rollups"], rows["traces"]) == ([], {}, {})


def test_threads_that_send_the_same_spans_store_them_once(db: None) -> None:
    project = fresh()
    store(project, [], NOW)

    with ThreadPoolExecutor(8) as pool:
        receipts = list(
            pool.map(lambda shift: store(project, spans(*range(shift, shift + 30)), NOW), range(16))
        )

    assert sum(one.accepted for one in receipts) == 45
    assert all(one.accepted + one.duplicates == 30 for one in receipts)
    assert_counts_equal_a_recount(project)


def sum_of(answers: Iterable[Any], header: str) -> int:
    """A count over many answers."""
    return sum(int(answer.headers.get(header, 0)) for answer in answers)


def test_two_workers_store_the_same_spans_once(server: Server) -> None:
    made = server.provision("two workers")
    body = request(*spans(*range(40)))

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: server.call("POST", "/v1/traces", made["producer_key"], body), range(16))
        )

    assert {answer.status for answer in answers} == {202}
    assert (sum_of(answers, "x-loopkit-accepted"), sum_of(answers, "x-loopkit-duplicates")) == (40, 600)


def test_two_workers_never_pass_the_quota(server: Server) -> None:
    made = server.provision("exact quota")
    with closing(sqlite3.connect(server.data_dir / "control.sqlite3")) as control, control:
        control.execute(
            "UPDATE tenants_project SET quota_spans = 100 WHERE project_id = ?", [made["project_id"]]
        )

    def send(sender: int) -> Any:
        return server.call(
            "POST", "/v1/traces", made["producer_key"], request(*spans(*range(sender * 15, sender * 15 + 15)))
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))

    assert sum_of(answers, "x-loopkit-accepted") == 100
    taken = [answer for answer in answers if answer.status == 202]
    refused = [answer for answer in answers if answer.status == 403]
    assert (len(taken), len(refused)) == (7, 9)
    assert all("quota_exceeded" in answer.json()["message"] for answer in refused)
    [partial] = [answer.json()["partialSuccess"] for answer in taken if answer.body != b"{}"]
    assert partial == {"rejectedSpans": "5", "errorMessage": "5 spans: over_quota"}
