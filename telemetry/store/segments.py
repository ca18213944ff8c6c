"""
Spans as they were sent, many in a compressed segment; a record knows its segment and its position in it.

Spans of one request repeat each other's attribute names and texts, so that together they compress to a third of their
size or less, and less is written and synced. Segments are small, since reading one record decompresses a whole one.
Format: Zstandard (https://www.rfc-editor.org/rfc/rfc8878) of the number of spans, their lengths (all unsigned, 32 bits,
little-endian) and the serialized Span messages.
"""

from __future__ import annotations

import struct
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch, write_many

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_SPANS = 32  # more save little: 0.21 of the bytes at 16, 0.19 at 32, 0.18 at 64
MOST_BYTES = 64 * 1024  # before compression; a single larger span gets a segment of its own
# Higher levels take twice the time to save a tenth. With a checksum, damaged bytes are never taken for a span.
OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 1,
    zstd.CompressionParameter.checksum_flag: 1,
}

A_STATEMENT = 200  # segments read per statement, so that no more than a few megabytes are held in memory
READ = "SELECT segment_id, content FROM telemetry_segment WHERE segment_id IN "
HEADER_BYTES = 18  # of a frame at most: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1
READ_HEADERS = (
    f"SELECT segment_id, SUBSTR(content, 1, {HEADER_BYTES}) FROM telemetry_segment WHERE segment_id IN "  # noqa: S608
)
Place = tuple[int, int]  # segment id and position
Content = bytes | memoryview
# Bytes of segments that are kept, stored and plain together; others are decompressed each time.
MOST_KEPT = 16 * 1024 * 1024
# Each thread has a compressor of its own, because it keeps buffers that two threads must not share.
_local = threading.local()


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """Rows that share a segment, and the segment's content."""

    rows: Sequence[RecordRow]
    content: bytes


def pack(rows: Sequence[RecordRow]) -> Iterator[SegmentPart]:
    """The rows in parts of one segment each, in their order."""
    for start in range(0, len(rows), MOST_SPANS):
        yield from bounded_parts(rows[start : start + MOST_SPANS])


def bounded_parts(rows: Sequence[RecordRow]) -> Iterator[SegmentPart]:
    """The rows in one part, or in several if their spans are large."""
    spans = [row.content for row in rows]
    if sum(map(len, spans)) <= MOST_BYTES or len(rows) == 1:
        yield SegmentPart(rows, packed(spans))
    else:
        middle = len(rows) // 2
        yield from bounded_parts(rows[:middle])
        yield from bounded_parts(rows[middle:])


def packed(spans: Sequence[bytes]) -> bytes:
    """The content of a segment of these serialized spans."""
    if not hasattr(_local, "compressor"):
        _local.compressor = zstd.ZstdCompressor(options=OPTIONS)
    lengths = struct.pack(f"<{len(spans) + 1}I", len(spans), *map(len, spans))
    content: bytes = _local.compressor.compress(b"".join([lengths, *spans]), zstd.ZstdCompressor.FLUSH_FRAME)
    return content


class KeptSegments:
    """
    Segments that were decompressed for one read, by id, for the next reads of the same block.

    A diagnosis reads some records several times: for their inputs, to compare them, and to show them as evidence. To
    decompress their segment again takes longer than all else about such a read. A segment is known by its stored bytes,
    so that one that was written anew is read anew.
    """

    def __init__(self) -> None:
        self._contents: dict[int, tuple[Content, bytes]] = {}
        self._bytes = 0

    def find(self, segment_id: int, content: Content) -> bytes | None:
        """The plain content, if it is kept and was stored in these bytes; else None."""
        known = self._contents.get(segment_id)
        return known[1] if known and known[0] == content else None

    def add(self, segment_id: int, content: Content, plain: bytes) -> None:
        """Keep the content, unless that would be too much."""
        size = len(content) + len(plain)
        if self._bytes + size <= MOST_KEPT:
            self._contents[segment_id] = content, plain
            self._bytes += size


_kept: ContextVar[KeptSegments | None] = ContextVar("kept segments", default=None)


@contextmanager
def kept_segments() -> Iterator[None]:
    """Keep the segments that are read inside, where one project is bound."""
    token = _kept.set(KeptSegments())
    try:
        yield
    finally:
        _kept.reset(token)


def plain_content(segment_id: int, content: Content) -> bytes:
    """The spans of the segment with their lengths, decompressed. Raises ZstdError."""
    kept = _kept.get()
    plain = kept.find(segment_id, content) if kept else None
    if plain is None:
        plain = zstd.decompress(content)
        if kept:
            kept.add(segment_id, content, plain)
    return plain


def picked(segment_id: int, content: object, positions: Iterable[int]) -> dict[Place, bytes]:
    """The serialized spans at those of these positions that the segment has; none if its content cannot be read."""
    if not isinstance(content, Content):
        return {}
    try:
        plain = plain_content(segment_id, content)
        (count,) = struct.unpack_from("<I", plain)
        lengths = struct.unpack_from(f"<{count}I", plain, 4)
    except (zstd.ZstdError, struct.error):
        return {}
    if sum(lengths) != len(plain) - 4 * (count + 1):
        return {}
    starts = list(accumulate(lengths, initial=4 * (count + 1)))
    return {
        (segment_id, at): plain[starts[at] : starts[at + 1]]
        for at in positions
        if isinstance(at, int) and 0 <= at < count
    }


def next_id() -> int:
    """The first free id. The caller holds the store's write lock, so that no other thread takes it."""
    return int(fetch("SELECT COALESCE(MAX(segment_id), 0) + 1 FROM telemetry_segment", ())[0][0])


def write_segments(contents: Sequence[tuple[int, bytes]]) -> None:
    """Store segments, each an id and its content."""
    write_many("INSERT INTO telemetry_segment (segment_id, content) VALUES {rows}", contents)


class StoredSpan(Protocol):
    """A record with the place of its span: the segment and the position in it."""

    @property
    def segment_id(self) -> int: ...
    @property
    def position(self) -> int: ...


def plain_sizes(segment_ids: Iterable[int]) -> dict[int, int]:
    """The decompressed size in bytes of each of these segments, by its header; none of one that cannot be read."""
    ids = sorted({segment_id for segment_id in segment_ids if isinstance(segment_id, int)})
    sizes = {}
    for start in range(0, len(ids), A_STATEMENT):
        chunk = ids[start : start + A_STATEMENT]
        for segment_id, header in fetch(f"{READ_HEADERS}({', '.join(['%s'] * len(chunk))})", chunk):
            with suppress(zstd.ZstdError, TypeError):
                sizes[segment_id] = zstd.get_frame_info(header).decompressed_size or 0
    return sizes


def serialized_spans(rows: Iterable[StoredSpan]) -> dict[Place, bytes]:
    """The serialized spans of these records as sent, by segment and position; without those that cannot be read."""
    positions: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        positions[row.segment_id].add(row.position)
    spans: dict[Place, bytes] = {}
    ids = sorted(segment_id for segment_id in positions if isinstance(segment_id, int))
    for start in range(0, len(ids), A_STATEMENT):
        chunk = ids[start : start + A_STATEMENT]
        contents = dict(fetch(f"{READ}({', '.join(['%s'] * len(chunk))})", chunk))
        for segment_id in chunk:
            spans |= picked(segment_id, contents.get(segment_id), positions[segment_id])
    return spans
