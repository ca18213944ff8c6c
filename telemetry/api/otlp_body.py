"""
The body of an OTLP request: chunked or of a declared length, plain or compressed, read in pieces up to the limit.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-request; zlib's limit of each piece, against decompression bombs:
https://docs.python.org/3/library/zlib.html#zlib.Decompress.decompress, and that of Zstandard:
https://docs.python.org/3.14/library/compression.zstd.html#compression.zstd.ZstdDecompressor.decompress
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.conf import settings

from loopkit.http.chunked import is_chunked
from loopkit.http.errors import ApiError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE_BYTES = 64 * 1024
MAX_MEMBERS = 5000  # gzip streams or Zstandard frames in one body; bgzip writes 64 MiB as 1025 streams
COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate", "zstd"})
# The window that every decoder should support, as a power of 2: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.2
ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}


class Readable(Protocol):
    """A request whose body can be read in pieces."""

    META: dict[str, Any]

    def read(self, size: int) -> bytes:
        """Return the next bytes of the body."""
        ...


def read_body(request: Readable, note: Callable[[int], None] = lambda size: None) -> bytes:
    """
    Return the decompressed body, with its size so far told to `note` before more of it is read.

    Raises 411, 413 and 415 as OTLP demands, 400 for broken compression, and what `note` raises.
    """
    if is_chunked(request.META) and not request.META.get("wsgi.input_terminated"):
        raise ApiError(
            411, "length_required", "This server cannot read chunked bodies.", "Send Content-Length."
        )
    encoding = str(request.META.get("HTTP_CONTENT_ENCODING", "")).strip().lower()
    if encoding in {"", "identity"}:
        return joined(pieces(request), note)
    if encoding not in COMPRESSIONS:
        raise ApiError(
            415,
            "unsupported_encoding",
            "This Content-Encoding is not known.",
            "Use gzip, deflate, zstd or none.",
        )
    unpack = unpacked_frames if encoding == "zstd" else decompressed
    return joined(unpack(pieces(request), encoding), note)


def pieces(request: Readable) -> Iterator[bytes]:
    """Yield the body as it arrives. Raises 413 above the limit, 400 when it ends before its Content-Length."""
    received, declared = 0, declared_length(request)
    if declared > settings.LOOPKIT_MAX_BODY_BYTES:
        raise too_large("")
    while piece := request.read(PIECE_BYTES):
        received += len(piece)
        # Compressed bytes are limited as well: an endless stream of them can decompress to nothing.
        if received > settings.LOOPKIT_MAX_BODY_BYTES:
            raise too_large("")
        yield piece
    if received < declared:
        raise ApiError(400, "body_unreadable", "The body ended before its Content-Length.", "Send all of it.")


def declared_length(request: Readable) -> int:
    """Return the body's Content-Length; 0 without one."""
    return 0 if is_chunked(request.META) else int(request.META.get("CONTENT_LENGTH") or 0)


def joined(parts: Iterator[bytes], note: Callable[[int], None]) -> bytes:
    """Return the parts as one body. Raises 413 as soon as they exceed the limit, and what `note` raises."""
    received, size = [], 0
    for part in parts:
        size += len(part)
        if size > settings.LOOPKIT_MAX_BODY_BYTES:
            raise too_large(" after decompression")
        note(size)
        received.append(part)
    return b"".join(received)


def too_large(when: str) -> ApiError:
    """Return the error 413, which OTLP demands since 1.11."""
    message = f"The body is over {settings.LOOPKIT_MAX_BODY_BYTES} bytes{when}."
    return ApiError(413, "body_too_large", message, "Send smaller batches, such as 512 spans.")


def decompressed(parts: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the decompressed bytes in bounded pieces, of one or more gzip members. Raises 400 for a broken stream."""
    inflater, members = None, 0
    try:
        for part in parts:
            while part:
                if inflater is None or inflater.eof:
                    inflater, members = zlib.decompressobj(window_bits(encoding, part[0])), members + 1
                if members > MAX_MEMBERS:  # each costs a copy of the bytes that follow it
                    raise broken_compression(f"more than {MAX_MEMBERS} members")
                yield inflater.decompress(part, PIECE_BYTES)
                part = inflater.unconsumed_tail or inflater.unused_data
            while inflater and not inflater.eof and (rest := inflater.decompress(b"", PIECE_BYTES)):
                yield rest
    except zlib.error as error:
        raise broken_compression(str(error)) from error
    if inflater is None or not inflater.eof:
        raise broken_compression("the compressed stream ends too early")


def unpacked_frames(parts: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the bytes of one or more Zstandard frames, in bounded pieces. Raises 400 for a broken stream."""
    frame, members = None, 0
    try:
        for part in parts:
            while part:
                if frame is None or frame.eof:
                    frame, members = zstd.ZstdDecompressor(options=ZSTD_OPTIONS), members + 1
                if members > MAX_MEMBERS:
                    raise broken_compression(f"more than {MAX_MEMBERS} frames")
                yield frame.decompress(part, PIECE_BYTES)
                while not frame.eof and not frame.needs_input:
                    yield frame.decompress(b"", PIECE_BYTES)
                part = frame.unused_data if frame.eof else b""
    except zstd.ZstdError as error:
        raise broken_compression(str(error)) from error
    if frame is None or not frame.eof:
        raise broken_compression("the compressed stream ends too early")


def window_bits(encoding: str, first_byte: int) -> int:
    """Return zlib's `wbits`. Many clients send deflate without zlib's header, whose first byte ends in the digit 8."""
    if encoding != "deflate":
        return 16 + zlib.MAX_WBITS
    return zlib.MAX_WBITS if first_byte & 15 == zlib.DEFLATED else -zlib.MAX_WBITS


def broken_compression(reason: str) -> ApiError:
    """Return the error 400, which is not retried: a retry would send the same bytes."""
    return ApiError(
        400, "bad_compression", f"The body cannot be decompressed: {reason}.", "Check Content-Encoding."
    )
