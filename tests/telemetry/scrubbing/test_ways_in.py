"""On every way in, no secret reaches the disk or a reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from telemetry.models import Origin, Segment
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.segment_contents import unpacked
from tests.telemetry.factory import minutes, protobuf, record_id, request, span

SECRET = "sk-proj-aB3dE5gH7jK9mN1pQ3sT5vW7"
HEADERS = {
    "ai.request.headers.authorization": f"Bearer {SECRET}",
    "gen_ai.input.messages": json.dumps([{"content": SECRET}]),
}


@pytest.mark.parametrize("encode", [lambda data: data, protobuf], ids=["json", "protobuf"])
def test_a_secret_reaches_neither_the_disk_nor_a_reader(
    send: Any, record: Any, alice: MintedProject, encode: Callable[[Any], Any]
) -> None:
    failing = span(
        f"call {SECRET}", at=timezone.now() - minutes(1), error=f"denied {SECRET}", attributes=HEADERS
    )

    answer = send(
        encode(request(failing, resource={"service.name": "s", "process.command": f"x --key {SECRET}"}))
    )

    assert answer.status_code < 300
    found = record(record_id(failing))
    assert found["message"] == "denied [redacted]"
    assert SECRET not in json.dumps(found)
    with bind(alice.project):
        written = [bytes(row.message) for row in Origin.objects.all()]
        for segment in Segment.objects.all():
            written += unpacked(bytes(segment.content))
    assert not [one for one in written if SECRET.encode() in one]
