"""The lines of a head, and of trailers, are parsed once, however small the pieces are in which they come."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from loopkit.worker.header_sections import SectionSearch
from loopkit.worker.reception import Reception
from tests.thorough import thorough

CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
LINE = b"a: " + b"b" * 580 + b"\r\n"
ENDLESS = {
    "short lines": b"GET / HTTP/1.1\r\n" + b"a\r\n" * 20_000,
    "a long head": b"GET / HTTP/1.1\r\n" + LINE * 100,
    "short trailers": CHUNKED + b"0\r\n" + b"a\r\n" * 20_000,
    "long trailers": CHUNKED + b"0\r\n" + LINE * 100,
    "a long size line": CHUNKED + b"5;a=" + b"b" * 8000,
}


class CountedBytes(bytearray):
    """Received bytes that count how many of them are looked at."""

    looked_at = 0

    def find(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        """As bytearray's."""
        found = super().find(wanted, start, len(self) if end is None else end)
        CountedBytes.looked_at += (found if found >= 0 else len(self)) - start
        return found

    def count(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        """As bytearray's."""
        CountedBytes.looked_at += len(self) - start
        return super().count(wanted, start, len(self) if end is None else end)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Bytes that gunicorn's parser was given, by the part of it."""
    given: Counter[str] = Counter()

    def counting(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counted(self: object, unreader: object, *rest: object, **named: object) -> object:
            text = b"".join(part for part in (*rest, *named.values()) if isinstance(part, bytes))
            given[name] += len(unreader.buf.getvalue()) + len(text)  # type: ignore[attr-defined]
            return original(self, unreader, *rest, **named)

        monkeypatch.setattr(owner, name, counted)

    counting(Request, "parse")
    counting(ChunkedReader, "parse_chunk_size")
    counting(ChunkedReader, "parse_trailers")
    return given


def reception() -> Reception:
    """A request of which nothing has come."""
    return Reception(Config(), ("127.0.0.1", 1), 1, 1_000_000)


def received(data: bytes, size: int) -> tuple[Reception, Exception | None]:
    """A request of which that came in pieces of this size, and what its head was refused for."""
    request = reception()
    for start in range(0, len(data), size):
        try:
            request.receive(data[start : start + size])
        except ParseException as error:
            return request, error
        if request.is_ready:
            break
    return request, None


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("size", [1, 4, 300])
def test_what_is_not_whole_is_not_parsed_again_at_each_piece(
    parsed: Counter[str], name: str, size: int
) -> None:
    received(ENDLESS[name], size)

    assert parsed.total() <= 1000


def test_the_search_for_the_end_looks_at_each_byte_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountedBytes, "looked_at", 0)
    search, arrived = SectionSearch(), CountedBytes()

    for byte in b"ab: c\r\n" * 9000:
        arrived.append(byte)
        assert search.end(arrived) == -1

    assert CountedBytes.looked_at < 10 * len(arrived)


@pytest.mark.parametrize("text", [b"", b"a: b\r\n", b"\r\na: b\r\n", b"a: \r\r\n" * 3])
def test_the_end_is_found_in_whatever_pieces_it_comes(text: bytes) -> None:
    whole = b"zz" + text + b"\r\n\r\n\r\nrest\n\n"
    expected = whole.index(b"\r\n\r\n") + 4

    for first in range(2, len(whole)):
        search, found = SectionSearch(), -1
        for upto in (first, len(whole)):
            found = search.end(bytearray(whole[:upto]), 2) if found < 0 else found
        assert found == expected


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_section_that_is_too_long_or_has_a_bare_line_feed_is_refused_before_its_end(size: int) -> None:
    _, too_long = received(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, size)
    _, whole_but_long = received(b"GET / HTTP/1.1\r\n" + (b"a: " + b"b" * 8000 + b"\r\n") * 9 + b"\r\n", size)
    _, bare = received(b"GET / HTTP/1.1\r\na: b\r\nc: d\nrest", size)
    trailing, _ = received(CHUNKED + b"0\r\n" + b"a: b\r\n" * 20_000, size)
    bare_trailer, _ = received(CHUNKED + b"0\r\na: b\nrest", size)

    assert isinstance(too_long, LimitRequestHeaders)
    assert isinstance(whole_but_long, LimitRequestHeaders)
    assert isinstance(bare, InvalidHeader)
    assert isinstance(trailing.body.failure, LimitRequestHeaders)
    assert isinstance(bare_trailer.body.failure, InvalidHeader)


@pytest.mark.parametrize("size", [1, 5, 100_000])
def test_a_first_line_is_refused_before_the_headers_come(size: int) -> None:
    _, no_http = received(b"hello\r\na: b\r\n", size)
    _, after_an_empty_line = received(b"\r\nhello\r\n", size)
    _, too_long = received(b"GET /" + b"a" * 9000, size)
    waiting, nothing = received(b"\r\nGET / HTTP/1.1\r\na: b\r\n", size)

    assert no_http
    assert after_an_empty_line
    assert isinstance(too_long, LimitRequestLine)
    assert waiting.request is nothing is None


PARTS = [
    b"GET / HTTP/1.1", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"a: b", b"Content-Length: 3", b"xyz", b" ", b":",
    b"\t", b"Transfer-Encoding: chunked", b"0\r\n", b"3\r\nabc\r\n", b"Expect: 100-continue", b"GET /b?c HTTP/1.0\r\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", [*range(12), *thorough(*range(12, 40))])
def test_pieces_are_read_as_gunicorn_reads_the_whole(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(50):
        head = b"GET / HTTP/1.1\r\n" * pick.randint(0, 1) + b"".join(
            pick.choices(PARTS, k=pick.randint(1, 8))
        )
        sent = head + b"\r\n\r\n"
        try:
            expected = Request(Config(), IterUnreader([sent]), ("127.0.0.1", 1)).headers
        except (ParseException, OSError) as error:
            expected = type(error)

        for size in (1, 3, 1000):
            request, error = received(sent, size)
            outcome = type(error) if error else request.request.headers
            # Which of several faults is named first may depend on what is here.
            assert outcome == expected or (isinstance(expected, type) and isinstance(outcome, type)), sent
