"""
Compressed bodies and large ones: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request

The rules and their ids: docs/protocol.md.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from telemetry.api.otlp_body import zstd
from tests.telemetry.answers import bad_request, counts, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span
from tests.telemetry.otlp_requests import CONTENT_TYPES, NOW, spans

ONE = spans(1)
BODIES = {JSON: json.dumps(ONE).encode(), PROTOBUF: protobuf(ONE)}
COMPRESSIONS: dict[str, Any] = {
    "gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress, "identity": bytes,
}  # fmt: skip


@CONTENT_TYPES
@pytest.mark.parametrize("compression", [*COMPRESSIONS, "GZIP", ""])
def test_r3_compressed_bodies_are_read(send: Callable[..., Any], content_type: str, compression: str) -> None:
    data = COMPRESSIONS.get(compression.lower(), bytes)(BODIES[content_type])

    answer = send(data, content_type, **{"Content-Encoding": compression})

    assert counts(answer) == (1, 0, 0)


@pytest.mark.parametrize("compression", ["br", "snappy", "gzip, gzip", "x" * 500])
def test_r3_an_unknown_compression_is_415(send: Callable[..., Any], compression: str) -> None:
    answer = send(BODIES[PROTOBUF], PROTOBUF, **{"Content-Encoding": compression})

    assert (answer.status_code, status(answer)[0]) == (415, 3)
    assert len(status(answer)[1]) < 200


@CONTENT_TYPES
def test_r3_several_zstd_frames_are_one_body(send: Callable[..., Any], content_type: str) -> None:
    whole = BODIES[content_type]
    frames = b"".join(zstd.compress(part) for part in (whole[:50], b"", whole[50:]))

    answer = send(frames, content_type, **{"Content-Encoding": "zstd"})

    assert counts(answer) == (1, 0, 0)


@pytest.mark.parametrize(
    "damaged", [lambda data: data[:-3], lambda data: b"", lambda data: b"no frame", lambda data: data + b"x"]
)
def test_r3_a_damaged_zstd_body_is_400(send: Callable[..., Any], damaged: Callable[[bytes], bytes]) -> None:
    answer = send(damaged(zstd.compress(BODIES[JSON])), JSON, **{"Content-Encoding": "zstd"})

    assert (answer.status_code, bad_request(answer)[0][0]) == (400, "BAD_COMPRESSION")


def test_r4_a_zstd_bomb_is_refused_at_the_limit(send: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 100_000
    bomb = zstd.compress(b" " * 50_000_000)

    answer = send(bomb, JSON, **{"Content-Encoding": "zstd"})

    assert len(bomb) < 10_000
    assert answer.status_code == 413


@CONTENT_TYPES
def test_r3_several_gzip_members_are_one_body(send: Callable[..., Any], content_type: str) -> None:
    whole = BODIES[content_type]
    members = b"".join(gzip.compress(part, mtime=0) for part in (whole[:50], b"", whole[50:]))

    answer = send(members, content_type, **{"Content-Encoding": "gzip"})

    assert counts(answer) == (1, 0, 0)


@CONTENT_TYPES
@pytest.mark.parametrize("compression", ["gzip", "deflate"])
@pytest.mark.parametrize("damage", ["plain", "cut", "none", "other"])
def test_r3_broken_compression_is_400(
    send: Callable[..., Any], content_type: str, compression: str, damage: str
) -> None:
    plain = BODIES[content_type]
    other = "gzip" if compression == "deflate" else "deflate"
    data = {
        "plain": plain,
        "cut": COMPRESSIONS[compression](plain)[:-5],
        "none": b"",
        "other": COMPRESSIONS[other](plain),
    }

    answer = send(data[damage], content_type, **{"Content-Encoding": compression})

    assert (answer.status_code, status(answer)[0]) == (400, 3)
    assert [reason for reason, _ in bad_request(answer) or []] == ["BAD_COMPRESSION"]


@CONTENT_TYPES
@pytest.mark.parametrize("compression", ["", "gzip", "deflate"])
def test_r4_a_body_over_the_limit_is_413(
    send: Callable[..., Any], settings: Any, content_type: str, compression: str
) -> None:
    plain = b" " * 5000 + BODIES[content_type]
    data = COMPRESSIONS.get(compression, bytes)(plain)
    settings.LOOPKIT_MAX_BODY_BYTES = 4999

    answer = send(data, content_type, **{"Content-Encoding": compression})

    assert (answer.status_code, status(answer)[0]) == (413, 3)
    assert "4999 bytes" in status(answer)[1]


def test_r4_a_body_of_exactly_the_limit_is_taken(send: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = len(BODIES[JSON])

    assert counts(send(BODIES[JSON], JSON)) == (1, 0, 0)
    assert counts(send(gzip.compress(BODIES[JSON]), JSON, **{"Content-Encoding": "gzip"})) == (0, 1, 0)


def test_r4_more_spans_than_memory_should_hold_are_413(send: Callable[..., Any], monkeypatch: Any) -> None:
    bodies = [protobuf(request(*[span(id=n, at=NOW) for n in range(count)])) for count in (2, 3)]
    monkeypatch.setattr("telemetry.otlp.message_count.MAX_SPANS", 2)
    answers = [send(body) for body in bodies]

    assert [answer.status_code for answer in answers] == [200, 413]
    assert "spans, scopes or resources" in status(answers[1])[1]
