"""
One request as its bytes arrive: the head, which gunicorn's own parser reads, then the body.

Nothing here waits, and nothing here knows a socket: `receive` takes whatever has arrived.
"""

from __future__ import annotations

import io
from typing import Any

from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.message import MAX_REQUEST_LINE, Request

from loopkit.worker.body_decoders import ArrivedBytes, ChunkDecoder, MoreNeeded, SizedDecoder, decoder_of
from loopkit.worker.header_sections import SectionSearch
from loopkit.worker.http2 import PREFACE, SpokenHttp2
from loopkit.worker.received_body import ReceivedBody

# Of one read from a socket. Each read gives the interpreter lock away, and busy threads give it back late.
MOST_BYTES_AT_ONCE = 256 * 1024
# Of memory for each header of a parsed head, beside its text: a pair and two texts.
HEADER_BYTES = 160
NOTHING = b""


class Reception:
    """A request that is being received, on a connection that has had `number - 1` requests before."""

    def __init__(self, cfg: Any, client: Any, number: int, max_body_bytes: int) -> None:
        self.request: Any = None  # gunicorn's Request, once the head is here
        self.received = 0  # bytes of the wire
        self.surplus = NOTHING  # bytes of the next request
        self.body = ReceivedBody(max_body_bytes)
        self._parsing = cfg, client, number
        self._head, self._section = bytearray(), SectionSearch()
        self._is_line_checked = False  # the first line
        self._parsed_bytes = 0  # that the parsed head takes
        self._decoder: SizedDecoder | ChunkDecoder | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the application can have it: it is whole, or what is wrong with it is known."""
        return self._decoder is not None and bool(
            self._decoder.is_at_end or self.body.failure or self.body.is_too_large
        )

    @property
    def is_whole(self) -> bool:
        """Whether the next request on the connection begins where this one ends."""
        return self._decoder is not None and self._decoder.is_at_end and not self.body.failure

    @property
    def is_behind(self) -> bool:
        """Whether more of the body is here than `receive` decoded; the next call, also with b"", goes on."""
        return self._decoder is not None and self._decoder.is_behind

    @property
    def held_bytes(self) -> int:
        """Bytes that it takes in memory, until `drop`."""
        framing = self._decoder.held_bytes if self._decoder else 0
        return len(self._head) + self._parsed_bytes + framing + self.body.held_bytes + len(self.surplus)

    @property
    def wanted_bytes(self) -> int:
        """How many bytes to ask the socket for: not beyond the end of the body where that is known."""
        missing = self._decoder.missing if self._decoder else 0
        return min(missing or MOST_BYTES_AT_ONCE, MOST_BYTES_AT_ONCE)

    def receive(self, data: bytes) -> None:
        """Take the next bytes. Raises gunicorn's ParseException for a malformed head."""
        self.received += len(data)
        if self._decoder is None:
            self._receive_head(data)
        else:
            self._decode(self._decoder, data)

    def end(self) -> None:
        """Take note that the client sends no more: what is missing never comes."""
        if isinstance(self._decoder, ChunkDecoder):
            self.body.failure = NoMoreData()
        elif isinstance(self._decoder, SizedDecoder):
            self._decoder.missing = 0

    def take_expectation(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body; said once."""
        expected = bool(self.request and self.request._expected_100_continue)
        if self.request:
            self.request._expected_100_continue = False
        return expected

    def finished_request(self) -> Request:
        """The request with its body, as gunicorn's worker takes it. The connection ends with one that is not whole."""
        request = self.request
        if not self.is_whole:
            request.force_close()
        request.body = io.BufferedReader(self.body)
        return request

    def drop(self) -> None:
        """Free all but the bytes of the next request: the application has read it, or will not read it."""
        self._head, self.body, self._decoder, self.request = bytearray(), ReceivedBody(0), None, None
        self._parsed_bytes = 0

    def drop_all(self) -> None:
        """Free also the bytes of the next request, which nobody will answer."""
        self.drop()
        self.surplus = NOTHING

    def _receive_head(self, data: bytes) -> None:
        """Add to the head; parse it once it is whole, and its first line before, so that it is refused early."""
        self._head += data
        end = self._section.end(self._head)
        if end >= 0:
            self._parse(end)
        elif not self._is_line_checked:
            # From 1, since an empty line may be before it.
            line_end = self._head.find(b"\r\n", max(1, len(self._head) - len(data) - 1)) + 2
            self._is_line_checked = line_end >= 2 or len(self._head) > MAX_REQUEST_LINE
            if self._is_line_checked:
                self._parse(line_end if line_end >= 2 else len(self._head))

    def _parse(self, end: int) -> None:
        """Have what is before `end` parsed; if that is all of the head, begin with the body."""
        source = ArrivedBytes(bytes(self._head[:end]))
        try:
            self.request = Request(self._parsing[0], source, *self._parsing[1:])
        except MoreNeeded:
            return
        except ParseException as error:
            raise (SpokenHttp2() if self._head.startswith(PREFACE) else error) from None
        behind = source.take_buffered() + bytes(self._head[end:])
        self._parsed_bytes = len(self._head) - len(behind) + HEADER_BYTES * len(self.request.headers)
        self._head = bytearray()
        self._decoder = decoder_of(self.request, self.body)
        self._decode(self._decoder, behind)

    def _decode(self, decoder: SizedDecoder | ChunkDecoder, data: bytes) -> None:
        """Add to the body; a malformed one ends here, and the application says so when it reads it."""
        try:
            self.surplus = decoder.decode(data)
        except ParseException as error:
            self.body.failure = error
