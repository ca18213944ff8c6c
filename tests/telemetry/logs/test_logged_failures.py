"""A log record that says that something failed is a failure; one that only warns, or tells, is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry.ingest import ingest_logs
from telemetry.models import Record
from telemetry.otlp.decode import Encoding
from telemetry.reads import record_json
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.log_requests import log, logs_request, protobuf_logs

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
STACK = """Traceback (most recent call last):
  File "/srv/shop/orders.py", line 31, in load
    raise OrderNotFound(order_id)
shop.orders.OrderNotFound: order 54747 does not exist
"""
EXCEPTION = {
    "exception.type": "OrderNotFound",
    "exception.message": "order 54747 does not exist",
    "exception.stacktrace": STACK,
}


@pytest.fixture
def records(alice: MintedProject) -> Callable[..., list[dict[str, Any]]]:
    """`records(*logs)`: the log records are ingested; what is stored."""

    def send(*logs: Mapping[str, Any], **where: Any) -> list[dict[str, Any]]:
        with bind(alice.project):
            ingest_logs(protobuf_logs(logs_request(*map(dict, logs), **where)), Encoding.PROTOBUF, NOW)
            return record_json.records_json(list(Record.objects.order_by("start_time_unix_nano", "span_id")))

    return send


def test_an_error_is_a_failure_of_its_logger(records: Callable[..., list[dict[str, Any]]]) -> None:
    failure = log(at=NOW, body="payment of order 17 was declined", severityNumber=17, severityText="ERROR")

    [record] = records(
        failure, scope="shop.payments", resource={"service.name": "shop", "service.version": "2"}
    )

    assert (record["operation"], record["service"], record["release"]) == ("shop.payments", "shop", "2")
    assert (record["signal_type"], record["message"]) == ("error", "payment of order 17 was declined")
    assert record["attributes"]["log.severity_text"] == "ERROR"


def test_an_exception_in_an_error_is_its_type_message_and_stack(
    records: Callable[..., list[dict[str, Any]]],
) -> None:
    [record] = records(log(at=NOW, body="could not load", severityNumber=17, attributes=EXCEPTION))

    assert record["message"] == "order 54747 does not exist"
    assert record["events"][0]["attributes"] == EXCEPTION
    assert record["status"] == "error"


def test_errors_that_differ_in_their_numbers_are_one_cluster(
    records: Callable[..., list[dict[str, Any]]],
) -> None:
    declined, again, other = records(*(
        log(at=NOW.replace(second=second), body=body, severityNumber=17)
        for second, body in enumerate(["card 17 was declined", "card 23 was declined", "the database is gone"])
    ))  # fmt: skip

    assert declined["cluster_id"] == again["cluster_id"] != other["cluster_id"]
    assert len({one["trace_id"] for one in (declined, again, other)}) == 3


@pytest.mark.parametrize(
    ("severity", "attributes", "is_failure"),
    [
        (17, {}, True),
        (21, {}, True),
        (24, EXCEPTION, True),
        (0, EXCEPTION, True),
        (0, {"exception.type": "OrderNotFound"}, True),
        (13, {}, False),
        (13, EXCEPTION, False),
        (5, EXCEPTION, False),
        (9, {}, False),
        (0, {}, False),
        (0, {"exceptional": "yes"}, False),
    ],
)
def test_what_is_a_failure_is_said_by_severity_or_by_an_exception_without_one(
    records: Callable[..., list[dict[str, Any]]], severity: int, attributes: dict[str, Any], is_failure: bool
) -> None:
    found = records(log(at=NOW, body="Error: it says error", severityNumber=severity, attributes=attributes))

    assert [one["outcome"] for one in found] == ["failure"] * is_failure


@pytest.mark.parametrize(
    "body", [None, "", {"event": "declined", "code": 17}, ["a", 1], 3, 1.5, True, "x" * 20_000]
)
def test_a_body_of_any_kind_is_a_message(records: Callable[..., list[dict[str, Any]]], body: Any) -> None:
    [record] = records(log(at=NOW, body=body, severityNumber=17))

    assert record["outcome"] == "failure"
    assert record["message"]


def test_a_failure_in_a_trace_without_a_span_is_a_record_of_that_trace(
    records: Callable[..., list[dict[str, Any]]],
) -> None:
    [record] = records(
        log(at=NOW, body="boom", severityNumber=17, traceId="5b8efff798038103d269b633813fc60c")
    )

    assert record["trace_id"] == "5b8efff798038103d269b633813fc60c"
    assert record["parent_span_id"] is None


@pytest.mark.parametrize(
    "fields", [{"timeUnixNano": "0"}, {"timeUnixNano": "0", "observedTimeUnixNano": "7000000000000000000"}]
)
def test_a_log_record_without_a_time_has_that_of_its_observation(
    records: Callable[..., list[dict[str, Any]]], fields: dict[str, str]
) -> None:
    [record] = records(log(at=NOW, body="boom", severityNumber=17) | fields)

    assert record["start_time_unix_nano"] == int(fields.get("observedTimeUnixNano", 0))
