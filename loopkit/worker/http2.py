"""
The answer to a client that begins to speak HTTP/2, as every gRPC client does: in HTTP/2, so that its library shows it.

An answer in HTTP/1.1 is to such a client only a broken connection, which it opens again without end.
https://www.rfc-editor.org/rfc/rfc9113#section-3.4 (the preface), #section-6.8 (GOAWAY), #section-7 (HTTP_1_1_REQUIRED)
"""

from __future__ import annotations

import struct

from gunicorn.http.errors import ParseException

PREFACE = b"PRI * HTTP/2.0\r\n"
ADVICE = (
    "This server speaks OTLP over HTTP/1.1, not gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, and "
    "OTEL_EXPORTER_OTLP_ENDPOINT to the same address."
)
SETTINGS, GOAWAY, HTTP_1_1_REQUIRED = 4, 7, 0xD


class SpokenHttp2(ParseException):  # type: ignore[misc]  # gunicorn has no types
    """The head is the preface of HTTP/2."""

    def __str__(self) -> str:
        return "HTTP/2"


def http2_frame(kind: int, payload: bytes) -> bytes:
    """A frame of the whole connection, without flags: https://www.rfc-editor.org/rfc/rfc9113#section-4.1"""
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, 0, 0) + payload


# No setting, no stream that was processed, and why: the debug data, which libraries of gRPC put into their error.
ANSWER = http2_frame(SETTINGS, b"") + http2_frame(
    GOAWAY, struct.pack(">II", 0, HTTP_1_1_REQUIRED) + ADVICE.encode()
)
