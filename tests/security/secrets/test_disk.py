"""A canary in every text that a stranger can send is in no file of the data dir: databases, journals, segments."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.utils import timezone
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from telemetry.windows import unix_nano
from tests.browser_forms import Person
from tests.segment_contents import unpacked
from tests.server import Server
from tests.telemetry.factory import minutes, request, span

SENT = "sk-proj-c4nARYbB3dE5gH7jK9mN1pQ3sT5vW7xY9z"
CANARY = re.compile(rb"(?i)c4nARYbB3dE5")
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def fill(message: Message, depth: int = 8) -> None:
    """Put the canary into every text field of the message and of what it holds; ids stay valid."""
    for field in message.DESCRIPTOR.fields:
        if field.type == field.TYPE_STRING and not field.containing_oneof:
            texts = [f"{SENT} {field.name}"]
            getattr(message, field.name).extend(texts) if field.is_repeated else setattr(
                message, field.name, texts[0]
            )
        elif field.message_type is AnyValue.DESCRIPTOR and field.name == "value":
            fill_value(getattr(message, field.name), depth)
        elif field.message_type and not field.containing_oneof and depth:
            inner = getattr(message, field.name)
            fill(inner.add() if field.is_repeated else inner, depth - 1)


def fill_value(value: AnyValue, depth: int) -> None:
    """Put the canary into a value: an object with a list, a text and bytes, under names that hold it, too."""
    if depth < 2:
        value.string_value = f"text {SENT}"
        return
    pair = value.kvlist_value.values.add(key=f"inner.{SENT}")
    items = pair.value.array_value.values
    items.add().bytes_value = b"\xff" + SENT.encode()
    items.add().string_value = json.dumps({"note": f"a\n{SENT}", SENT: 1})


def hostile_request() -> bytes:
    """A request with the canary in every text field that OTLP has, and in one that it has not."""
    message = ExportTraceServiceRequest()
    fill(message)
    (sent,) = message.resource_spans[0].scope_spans[0].spans
    sent.trace_id, sent.span_id = b"c" * 16, b"c" * 8
    sent.parent_span_id = SENT.encode()
    sent.start_time_unix_nano = sent.end_time_unix_nano = unix_nano(timezone.now())
    sent.status.code = 2
    sent.MergeFromString(b"\xfa\x3f" + bytes([len(SENT)]) + SENT.encode())  # field 1023
    return message.SerializeToString()


def report(server: Server, human: Person, keys: dict[str, Any]) -> None:
    """Send the canary in whatever else keys and staff write: about a loop, its eval, and a user's signal."""
    failing = [
        span(f"work {SENT}", id=number, trace=number, at=timezone.now() - minutes(1), error=f"no {SENT}")
        for number in range(3)
    ]
    assert server.call("POST", "/v1/traces", keys["producer_key"], request(*failing)).status == 202
    agent = keys["agent_key"]
    packet = server.call("POST", "/v1/runs/diagnose", agent, {"since_minutes": 60}).json()["packet"]
    eval_id = packet["issues"][0]["eval_candidate"]
    told = {"eval_id": eval_id, "passed": False, "release": SENT, "detail": f"it said {SENT}"}
    assert server.call("POST", "/v1/evals", agent, told).status == 201
    (loop, *_) = server.call("GET", "/v1/loops", agent).json()["loops"]
    page = f"/admin/diagnosis/loop/{loop['loop_id']}/change/"
    human.send(page, verb="approve", reason=f"Approved; the key was {SENT}.")
    event = {"kind": "issue_opened", "url": f"https://x.example/{SENT}", "note": f"see {SENT}"}
    answer = server.call("POST", f"/v1/loops/{loop['loop_id']}/events", agent, event)
    assert answer.status == 201, answer.body
    signal = {"rating": "down", "comment": f"my key is {SENT}", "session_id": SENT, "user_id": SENT}
    assert server.call("POST", "/v1/feedback", keys["feedback_key"], signal).status in {200, 201, 202}


def ask_for_access(server: Server) -> None:
    """Send the canary in a request for a production tenant."""
    asked = {"name": SENT, "email": f"{SENT}@x.example", "organisation": SENT, "message": f"hi {SENT}"}
    assert server.call("POST", "/v1/access-requests", data=asked).status in {200, 201, 202}


def findings(data_dir: Path) -> list[str]:
    """The files in which the canary stands, also inside compressed segments."""
    found = [str(path) for path in data_dir.rglob("*") if path.is_file() and CANARY.search(path.read_bytes())]
    for path in data_dir.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            rows = (
                database.execute("SELECT content FROM telemetry_segment")
                if "telemetry_segment" in tables
                else ()
            )
            found += [
                f"{path} segment" for (content,) in rows for one in unpacked(content) if CANARY.search(one)
            ]
    return found


def test_no_file_holds_what_looks_like_a_secret(server: Server, human: Person) -> None:
    keys = server.call("POST", "/v1/signup", data={"project_name": f"shop {SENT}"}).json()
    server.call("POST", "/v1/provision", data={"project_name": f"till {SENT}", "operator": SENT})

    stored = server.call("POST", "/v1/traces", keys["producer_key"], hostile_request(), **PROTOBUF)
    report(server, human, keys)
    ask_for_access(server)

    assert stored.headers["x-loopkit-accepted"] == "1"
    assert not findings(server.data_dir)
