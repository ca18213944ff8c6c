"""
Log records over HTTP: stored as what they say, in either encoding, once, within the quota, and counted.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from telemetry import ledger
from telemetry.api.otlp_body import zstd
from telemetry.models import Record, Tally
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import JSON, PROTOBUF
from tests.telemetry.log_requests import log, logs_request, protobuf_logs

NOW = datetime.now(UTC)
PROMPT = {"prompt": "mend the build", "session.id": "s-1", "prompt.id": "p-1"}
EVENT = log("claude_code.user_prompt", at=NOW, attributes=PROMPT)
CHATTER = log(at=NOW, body="cache warmed", severityNumber=9)
FAILURE = log(at=NOW, body="no such order 17", severityNumber=17)
ONE_EACH = logs_request(EVENT, CHATTER, FAILURE)
BODIES: dict[str, bytes] = {JSON: json.dumps(ONE_EACH).encode(), PROTOBUF: protobuf_logs(ONE_EACH)}
ENCODED = pytest.mark.parametrize("content_type", BODIES)


@pytest.fixture
def send_logs(call: Callable[..., Any], alice: MintedProject) -> Callable[..., Any]:
    """`send_logs(data)`: POST /v1/logs with alice's producer key."""

    def post(data: Any, content_type: str = JSON, **headers: str) -> Any:
        sent = {"Content-Type": content_type, "content-type": content_type}  # the second for an empty body
        return call("POST", "/v1/logs", alice.keys["producer"], data, **sent, **headers)

    return post


@pytest.fixture
def tally(alice: MintedProject) -> Callable[[], dict[str, int]]:
    """The counts of alice's ledger by reason."""

    def read() -> dict[str, int]:
        with bind(alice.project):
            return dict(Tally.objects.values_list("reason", "count"))

    return read


@ENCODED
def test_events_and_failures_are_stored_and_other_log_records_are_counted(
    send_logs: Callable[..., Any],
    tally: Callable[[], dict[str, int]],
    alice: MintedProject,
    content_type: str,
) -> None:
    answer = send_logs(BODIES[content_type], content_type)

    assert (answer.status_code, answer.content) == (200, b"{}" if content_type == JSON else b"")
    assert answer.headers["Content-Type"] == content_type
    assert counts(answer) == (2, 0, 0)
    assert tally() == {"stored": 2, "other_logs": 1}
    assert ledger.REASONS["other_logs"].unit == "log records"
    with bind(alice.project):
        assert {row.name for row in Record.objects.all()} == {"claude_code.user_prompt", "app"}


@pytest.mark.parametrize("second", BODIES)
@pytest.mark.parametrize("first", BODIES)
def test_log_records_sent_again_in_whichever_encoding_are_stored_once(
    send_logs: Callable[..., Any], first: str, second: str
) -> None:
    send_logs(BODIES[first], first)

    again = send_logs(BODIES[second], second)

    assert counts(again) == (0, 2, 0)
    assert again.headers["X-LoopKit-Conflicts"] == "0"


@pytest.mark.parametrize(
    ("compression", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)]
)
def test_compressed_log_records_are_read(
    send_logs: Callable[..., Any], compression: str, pack: Callable[[bytes], bytes]
) -> None:
    answer = send_logs(pack(BODIES[PROTOBUF]), PROTOBUF, **{"Content-Encoding": compression})

    assert counts(answer) == (2, 0, 0)


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        (b"{", JSON, 400),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": {}}]}]}', JSON, 400),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": 3}]}]}]}', JSON, 400),
        (b"\x0a\xff", PROTOBUF, 400),
        (b"x", "text/plain", 415),
    ],
)
def test_what_is_no_request_of_log_records_is_refused_and_counted(
    send_logs: Callable[..., Any],
    tally: Callable[[], dict[str, int]],
    data: bytes,
    content_type: str,
    expected: int,
) -> None:
    answer = send_logs(data, content_type)

    assert answer.status_code == expected
    assert status(answer)[0] == 3
    assert tally() == {"invalid_request": 1}


@pytest.mark.parametrize(
    ("data", "content_type"),
    [(b"{}", JSON), (b'{"resourceLogs": [{}]}', JSON), (b"", PROTOBUF), (b'{"unknown": []}', JSON)],
)
def test_a_request_without_log_records_is_a_success_and_counted(
    send_logs: Callable[..., Any], tally: Callable[[], dict[str, int]], data: bytes, content_type: str
) -> None:
    assert counts(send_logs(data, content_type)) == (0, 0, 0)
    assert tally() == {"no_logs": 1}


def test_a_body_above_the_limit_is_413(send_logs: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 100

    assert send_logs(BODIES[PROTOBUF], PROTOBUF).status_code == 413


@ENCODED
def test_log_records_beyond_the_quota_are_a_partial_success_then_403(
    send_logs: Callable[..., Any],
    make_project: Callable[..., MintedProject],
    call: Callable[..., Any],
    content_type: str,
) -> None:
    key = make_project("small", quota_spans=1).keys["producer"]

    partial = call("POST", "/v1/logs", key, BODIES[content_type], **{"Content-Type": content_type})
    only_new = json.dumps(logs_request(log(at=NOW, body="another", severityNumber=17))).encode()
    refused = call("POST", "/v1/logs", key, only_new)

    assert (partial.status_code, counts(partial)) == (200, (1, 0, 1))
    if content_type == PROTOBUF:
        said = ExportLogsServiceResponse.FromString(partial.content).partial_success
        assert (said.rejected_log_records, said.error_message) == (1, "1 log record: over_quota")
    else:
        expected = {"rejectedLogRecords": "1", "errorMessage": "1 log record: over_quota"}
        assert json.loads(partial.content) == {"partialSuccess": expected}
    assert refused.status_code == 403
    assert "quota_exceeded" in status(refused)[1]


def test_secrets_in_log_records_are_redacted(
    send_logs: Callable[..., Any], call: Callable[..., Any], alice: MintedProject
) -> None:
    key = "sk-proj-" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY"
    facts = {
        "session.id": "s-1",
        "tool_name": "Bash",
        "success": "true",
        "tool_input": f'{{"api_key": "{key}"}}',
    }

    send_logs(logs_request(
        log("claude_code.tool_result", at=NOW, attributes=facts),
        log(at=NOW, body=f"refused Authorization: Bearer {key}", severityNumber=17),
    ))  # fmt: skip

    page = call("GET", "/v1/telemetry?since_minutes=60", alice.keys["agent"]).content.decode()
    assert page.count("record_id") == 2
    assert key not in page
    assert "[redacted]" in page


def test_a_log_record_cannot_name_the_trace_of_a_user_signal(send_logs: Callable[..., Any]) -> None:
    reserved = {"traceId": "ff7369676e616c00" + "0" * 15 + "1", "spanId": "00000000000000aa"}

    answer = send_logs(logs_request(log(at=NOW, body="boom", severityNumber=17, **reserved)))

    assert counts(answer) == (0, 0, 1)
    assert "reserved trace_id" in answer.content.decode()
