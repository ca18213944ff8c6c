"""Every recorded client arrives whole: as recorded, chunked and not, and twice without doubling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.models import Record, Trace
from telemetry.otlp.decode import Encoding, parse_export_request
from telemetry.reads.record_parts import parts_of
from telemetry.scrubbing.scrub import scrub
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests import captures
from tests.server import Answer, Server


def send(server: Server, key: str, recorded: captures.Recorded, *, chunked: bool) -> Answer:
    """The recorded bytes, with the recorded headers."""
    data = recorded.chunks() if chunked else recorded.body
    return server.call("POST", "/v1/traces", key, data, **recorded.headers)


@pytest.mark.parametrize("name", captures.NAMES)
def test_a_recorded_client_arrives_whole_in_chunks_and_is_known_when_it_comes_with_its_length(
    server: Server, name: str
) -> None:
    key = server.call("POST", "/v1/signup", data={"project_name": name}).json()["producer_key"]
    spans = captures.manifest(name)["counts"]["spans"]

    first = [send(server, key, recorded, chunked=True) for recorded in captures.requests(name)]
    again = [send(server, key, recorded, chunked=False) for recorded in captures.requests(name)]

    assert total(first, "x-loopkit-accepted") == total(again, "x-loopkit-duplicates") == spans
    assert total(first, "x-loopkit-rejected") == total(again, "x-loopkit-accepted") == 0
    for recorded, answer in zip(captures.requests(name) * 2, first + again, strict=True):
        json = recorded.headers["content-type"] == "application/json"
        assert (answer.status, answer.body) == ((202, b"{}") if json else (200, b""))
        assert answer.headers["content-type"] == recorded.headers["content-type"]


def total(answers: list[Answer], header: str) -> int:
    """The sum of a count that answers carry."""
    return sum(int(answer.headers[header]) for answer in answers)


@pytest.mark.parametrize("name", captures.NAMES)
def test_what_is_stored_is_what_was_sent(name: str, alice: MintedProject, call: Callable[..., Any]) -> None:
    sent: dict[tuple[bytes, bytes], SpanMessage] = {}
    for recorded in captures.requests(name):
        request = parse_export_request(recorded.plain, Encoding.of(recorded.headers["content-type"]))
        scrub(request, request.SerializeToString())
        sent |= {
            (span.trace_id, span.span_id): span
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        }
        headers = {"Content-Type": recorded.headers["content-type"]}
        if "content-encoding" in recorded.headers:
            headers["Content-Encoding"] = recorded.headers["content-encoding"]

        answer = call("POST", "/v1/traces", alice.keys["producer"], recorded.body, **headers)

        assert answer.status_code in {200, 202}
    with bind(alice.project):
        rows = list(Record.objects.all())
        stored = {
            (bytes(row.trace_id), bytes(row.span_id)): parts.span
            for row, parts in zip(rows, parts_of(rows), strict=True)
        }
    assert stored == sent


@pytest.mark.parametrize("name", [name for name in captures.NAMES if name != "node-express-json"])
def test_sessions_are_lifted_to_the_whole_trace(
    name: str, alice: MintedProject, call: Callable[..., Any]
) -> None:
    for recorded in captures.requests(name):
        headers = {key.title(): value for key, value in recorded.headers.items() if key != "user-agent"}
        call("POST", "/v1/traces", alice.keys["producer"], recorded.body, **headers)

    with bind(alice.project):
        stored = {bytes(row.trace_id).hex(): row.session_id for row in Trace.objects.all()}

    expected = {row["trace_id"]: row["session"] for row in captures.labels(name) if row["session"]}
    assert {trace_id: stored[trace_id] for trace_id in expected} == expected
