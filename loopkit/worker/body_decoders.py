"""
Where a request's body ends: by its declared length, or by its chunks. Gunicorn's parser has read the head, and reads
each chunk's size line and the trailers here; only its loop over the chunks could not wait for more bytes.

https://www.rfc-editor.org/rfc/rfc9112#section-7.1
"""

from __future__ import annotations

import re

from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from loopkit.worker.header_sections import SectionSearch
from loopkit.worker.received_body import ReceivedBody

# The work of decoding is counted in chunks. A body may have so many beyond one for each 16 bytes: programs that write
# piece by piece send a few hundred tiny ones, and more only in what is long as a whole.
SPARE_CHUNKS = 1024
LEAST_CHUNK_BYTES = 16
# What one call decodes, so that the poller turns to other connections after it.
CHUNKS_A_TURN = 32
# What gunicorn's parser takes, which reads size lines with an extension; and more for each so many bytes of the line.
CHUNKS_A_PARSED_LINE, LINE_BYTES_A_CHUNK = 16, 64
# A size line without an extension: https://www.rfc-editor.org/rfc/rfc9112#section-7.1
PLAIN_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")


class MoreNeeded(Exception):
    """The bytes that were received so far end before the part of the request that is being parsed."""


class ArrivedBytes(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """A source for gunicorn's parser that has these bytes and raises MoreNeeded after them."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.buf.write(data)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Nothing has arrived beyond what is buffered."""
        raise MoreNeeded


class SizedDecoder:
    """The end of a body with Content-Length, or of none."""

    held_bytes = 0  # all are in the body
    is_behind = False

    def __init__(self, length: int, body: ReceivedBody) -> None:
        self.missing = length
        self._body = body
        body.declare(length)

    @property
    def is_at_end(self) -> bool:
        """Whether the whole body is here."""
        return self.missing == 0

    def decode(self, data: bytes) -> bytes:
        """Add what belongs to the body; return the rest, which is the next request's."""
        if not data:
            return b""
        own = data if len(data) <= self.missing else data[: self.missing]
        if own:
            self._body.append(own)
            self.missing -= len(own)
        return data[len(own) :]


class ChunkDecoder:
    """The chunks of a body and their end."""

    missing = 0  # not known

    def __init__(self, request: Request, body: ReceivedBody) -> None:
        self.is_at_end = False
        self.is_behind = False  # whether more is here to be decoded
        self._body = body
        self._lines = ChunkedReader(request, None)
        self._arrived = bytearray()
        self._chunk_left = 0  # with the line end that follows the chunk's data
        self._trailers: SectionSearch | None = None  # once the last chunk is here
        self._searched = 0  # bytes of a size line whose end is not here
        self._chunks = self._trailer_bytes = 0  # the chunks: as work

    @property
    def held_bytes(self) -> int:
        """Bytes that are in no body: those that are not decoded yet, and the trailers."""
        return len(self._arrived) + self._trailer_bytes

    def decode(self, data: bytes) -> bytes:
        """
        Add the data of some chunks, and say with `is_behind` if more are here; return what follows the last one.

        Raises gunicorn's errors for malformed chunks.
        """
        self._arrived += data
        self.is_behind = False
        position, turn_ends = 0, self._chunks + CHUNKS_A_TURN
        while not self.is_at_end and position < len(self._arrived) and self._chunks < turn_ends:
            taken = self._part(position)
            if not taken:
                break
            position += taken
        del self._arrived[:position]
        if not self.is_at_end:
            self.is_behind = bool(self._arrived) and self._chunks >= turn_ends
            return b""
        rest, self._arrived = bytes(self._arrived), bytearray()
        return rest

    def _part(self, position: int) -> int:
        """Decode the part that begins there; return how many bytes that took, 0 if more are needed."""
        if self._trailers:
            return self._section(self._trailers, position)
        return self._data(position) if self._chunk_left else self._line(position)

    def _data(self, position: int) -> int:
        """Add the chunk's data that is here, and check the line end behind it; return how many bytes that took."""
        left, here = self._chunk_left, len(self._arrived) - position
        taken = min(left - 2, here)
        if taken:
            self._body.append(memoryview(self._arrived)[position : position + taken])
        if here < left:
            self._chunk_left -= taken
            return taken
        line_end = self._arrived[position + taken : position + left]
        if line_end != b"\r\n":
            raise ChunkMissingTerminator(bytes(line_end))
        self._chunk_left = 0
        return left

    def _line(self, position: int) -> int:
        """Read the next chunk's size line; return how many bytes that took."""
        if plain := PLAIN_LINE.match(self._arrived, position):
            self._count(1)
            return self._begin_chunk(int(plain[1], 16), plain.end() - position)
        end = self._arrived.find(b"\r\n", position + self._searched) + 2
        length = (end if end >= 2 else len(self._arrived)) - position
        if end < 2 and length <= self._lines.limit_chunk_size_line:
            self._searched = length - 1
            return 0
        self._count(CHUNKS_A_PARSED_LINE + length // LINE_BYTES_A_CHUNK)
        return self._begin_chunk(
            self._parsed_size(bytes(self._arrived[position : position + length])), length
        )

    def _begin_chunk(self, size: int, line_bytes: int) -> int:
        """Begin a chunk of this size, or the trailers; return how many bytes its size line took."""
        if size == 0:
            self._trailers = SectionSearch()
            return line_bytes - 2  # the line's end is the first half of what ends the trailers
        self._searched, self._chunk_left = 0, size + 2
        return line_bytes

    def _parsed_size(self, line: bytes) -> int:
        """The size in a size line, 0 for the last chunk's."""
        try:
            size, _ = self._lines.parse_chunk_size(ArrivedBytes(b""), data=line)
        except MoreNeeded:  # it would read the trailers behind the last chunk
            return 0
        return int(size)

    def _section(self, trailers: SectionSearch, position: int) -> int:
        """Read the trailers, once all are here; return how many bytes they took."""
        end = trailers.end(self._arrived, position)
        if end < 0:
            return 0
        section = bytes(self._arrived[position + 2 : end])
        self._lines.parse_trailers(ArrivedBytes(section), b"")
        self.is_at_end = True
        self._trailer_bytes = len(section)
        return end - position

    def _count(self, chunks: int) -> None:
        """Count the work of so many chunks, and refuse a body of very many tiny ones."""
        self._chunks += chunks
        if self._chunks > SPARE_CHUNKS + self._body.size // LEAST_CHUNK_BYTES:
            raise InvalidChunkSize(b"chunks too small")


def decoder_of(request: Request, body: ReceivedBody) -> SizedDecoder | ChunkDecoder:
    """The decoder for the framing that gunicorn's parser found in the request's head."""
    reader = request.body.reader
    if isinstance(reader, LengthReader):
        return SizedDecoder(reader.length, body)
    return ChunkDecoder(request, body)
