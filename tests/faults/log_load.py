"""Clients that send spans and the log records within them, in either order, while processes end."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.faults.batches import Batch, batch
from tests.faults.client import Client
from tests.faults.load import PAUSE, Load
from tests.segment_contents import unpacked

SPANS = 50  # of a request, with a log record each
NUMBER = "log.number"
EVALUATION = "gen_ai.evaluation.result"  # joins a span of whatever work


@dataclass
class LogLoad(Load):
    """Each connection sends a request of spans and one of their log records, which comes first as often as last."""

    acknowledged_logs: set[str] = field(default_factory=set)
    unanswered_logs: set[str] = field(default_factory=set)

    def send(self, number: int) -> None:
        """One connection; what was cut is sent again."""
        chance = random.Random(f"{self.seed} {number}")
        client = Client(self.port, self.key)
        while not self.stop.is_set():
            one = batch(chance, self.seed, SPANS)
            body, numbers = logs_of(one, chance)
            spans_first = chance.random() < 0.5
            if spans_first:
                self.send_spans(client, one)
            self.send_logs(client, body, numbers)
            if not spans_first:
                self.send_spans(client, one)
        client.close()

    def send_spans(self, client: Client, one: Batch) -> None:
        """The spans, until they were acknowledged or the load ends."""
        if not self.delivered(client, one, gives_up=False):
            self.unanswered.append(one)

    def send_logs(self, client: Client, body: bytes, numbers: set[str]) -> None:
        """The log records, likewise."""
        while True:
            outcome = client.post(body, "/v1/logs")
            self.note(outcome)
            if outcome.is_success:
                self.acknowledged_logs |= numbers
                return
            if self.stop.wait(PAUSE):
                self.unanswered_logs |= numbers
                return


def logs_of(one: Batch, chance: random.Random) -> tuple[bytes, set[str]]:
    """A request with a log record in each span of the batch, some of them errors; the numbers of all."""
    request, numbers = ExportLogsServiceRequest(), set()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = group.scope_logs.add()
    for key in sorted(one.keys):
        number = chance.randbytes(8).hex()
        record = scope.log_records.add(trace_id=key[:16], span_id=key[16:], time_unix_nano=time.time_ns())
        record.attributes.add(key=NUMBER).value.string_value = number
        if chance.random() < 0.3:
            record.severity_number, record.body.string_value = 17, "order not found"
        else:
            record.event_name = EVALUATION
            record.attributes.add(key="gen_ai.evaluation.score.value").value.double_value = chance.random()
        numbers.add(number)
    return request.SerializeToString(), numbers


def stored_logs(path: Path) -> Counter[str]:
    """How often each log record is in the file: joined to its record's span, or waiting."""
    with closing(sqlite3.connect(path)) as file:
        spans: dict[tuple[int, int], bytes] = {}
        for segment_id, content in file.execute("SELECT segment_id, content FROM telemetry_segment"):
            spans |= {(segment_id, position): message for position, message in enumerate(unpacked(content))}
        places = file.execute("SELECT segment_id, position FROM telemetry_record").fetchall()
        waiting = [content for (content,) in file.execute("SELECT content FROM telemetry_waitinglog")]
    joined = [event for place in places for event in Span.FromString(spans[place]).events]
    attributes = [pair for holder in (*joined, *map(Span.FromString, waiting)) for pair in holder.attributes]
    return Counter(pair.value.string_value for pair in attributes if pair.key == NUMBER)
