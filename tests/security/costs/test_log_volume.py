"""No log volume in proportion to input: what strangers send may not fill the disk that the log is on."""

from __future__ import annotations

import io
import logging
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.fuzz import mutations, seeds, targets
from tests.fuzz.test_fuzz import with_changed_bytes
from tests.server import Server, running
from tests.staff_clients import operator
from tests.telemetry.factory import request, span
from tests.telemetry.otlp_requests import NOW

MOST_BYTES = 40_000  # of log, of a server that got a few hundred times as much
# Each makes Python's own parser print a warning for every few characters.
WARNED = (
    "[error 1or 1",
    "['error \\d",
    "[error 1in[]",
    "[error (1)(2)",
    '["error" is 1',
    "[error 0x1for x in",
)
BAD_PATHS = ("/v1/%0a2026-01-01 ERROR forged", "/v1/telemetry?limit=%s", "/%ff" * 200, "/admin/?" + "x" * 900)


def texts() -> list[str]:
    """Results of tools that look like Python's literals."""
    return [f"{text} {text[-4:] * 4000}]" for text in WARNED]


def fuzzed(target: str, chance: random.Random, words: list[str]) -> Iterator[bytes]:
    """Real requests of that encoding with changed bytes and fields, and those that once broke something."""
    small = [seed for seed in seeds.seeds(target) if len(seed) < 4000]
    mutate = {"json": mutations.of_json, "protobuf": mutations.of_protobuf}.get(target)
    yield from seeds.found(target)
    for _ in range(60):
        yield with_changed_bytes(chance.choice(small), chance)
        if mutate:
            yield mutate(chance.choice(small), chance, words, lambda part: with_changed_bytes(part, chance))


def tool_spans() -> dict[str, Any]:
    """A request with these texts as tools' results, arguments, metadata, messages and names."""
    spans = []
    for number, text in enumerate(texts(), 1):
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": text[:200],
            "gen_ai.tool.call.result": text,
            "gen_ai.tool.call.arguments": text,
            "metadata": text,
        }
        spans.append(span(id=number, at=NOW, attributes=attributes, name=text[:300], error=text[:900]))
    return request(*spans)


@pytest.fixture
def warned_server(new_installation: Callable[[], Any]) -> Iterator[Server]:
    """A server that prints Python's warnings, as one does that was started by a developer."""
    with running(new_installation(), PYTHONWARNINGS="always") as server:
        yield server


def test_strangers_texts_do_not_fill_the_log(warned_server: Server) -> None:
    log = warned_server.data_dir / "server.log"
    keys = warned_server.provision("flooded")
    before, sent = log.stat().st_size, 0

    for body in [tool_spans()] * 3:  # the second and the third are duplicates
        assert warned_server.call("POST", "/v1/traces", keys["producer_key"], body).status == 202
    for path in ("/v1/telemetry?since_minutes=43200", "/v1/sessions?since_minutes=43200"):
        assert warned_server.call("GET", path, keys["agent_key"]).status == 200
    chance, words = random.Random(7), sorted(seeds.words())
    for target in targets.TARGETS:
        kind = "application/json" if target == "json" else "application/x-protobuf"
        for body in fuzzed(target, chance, words):
            sent += len(body)
            warned_server.call("POST", "/v1/traces", keys["producer_key"], body, **{"Content-Type": kind})
    for number in range(60):
        warned_server.call("GET", "/health", Host=f"stranger-{number}.example" + ".x" * 200)
        warned_server.call("POST", "/admin/login/?next=%0aERROR" + "x" * 900, data=b"a=b")
        send_raw(warned_server.port, b"GET / HTTP/1.1\r\nBad Header\x01: " + b"x" * 1000 + b"\r\n\r\n")
        for path in BAD_PATHS:
            warned_server.call("GET", path.replace(" ", "%20"), keys["agent_key"])

    written = log.read_bytes()[before:]
    assert sent > 5 * MOST_BYTES
    assert len(written) < MOST_BYTES
    assert b"SyntaxWarning" not in written
    assert b"\nERROR" not in written


def send_raw(port: int, data: bytes) -> None:
    """Bytes that are no HTTP."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.recv(1000)


@pytest.fixture
def written_log() -> Iterator[io.StringIO]:
    """What the product's own handler writes."""
    handler = next(each for each in logging.getLogger().handlers if each.get_name() == "stderr")
    assert isinstance(handler, logging.StreamHandler)
    text = io.StringIO()
    earlier = handler.setStream(text)
    yield text
    handler.setStream(earlier)


@pytest.mark.django_db
def test_a_persons_garbage_queries_do_not_fill_the_log(written_log: io.StringIO) -> None:
    person: Client = operator()
    person.raise_request_exception = False

    statuses = {
        person.get(f"/admin/tenants/key/?project__tenant__name__%0aERROR{number}{'x' * 900}=1").status_code
        for number in range(120)
    }

    log = written_log.getvalue()
    assert statuses == {400}
    assert "django.security" in log
    assert "Traceback" not in log
    assert "\nERROR" not in log
    assert len(log) < MOST_BYTES
