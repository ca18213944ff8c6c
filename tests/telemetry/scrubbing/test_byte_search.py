"""The search for many pieces of bytes at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from telemetry.scrubbing.byte_search import ByteSearch, Pieces

PIECES = [b"abc", b"bcd", b"\x01\xff.*", "密码".encode(), b"c"]
SEARCH = ByteSearch(Pieces(PIECES))


def places(data: bytes) -> list[tuple[int, int]]:
    """Every place that the judge is asked about."""
    asked: list[tuple[int, int]] = []
    assert not SEARCH.any(data, lambda number, start: asked.append((number, start)) is not None)
    return sorted(asked)


@pytest.mark.parametrize(
    "data", [b"", b"abcd", b"xabcabc", b"ABC", b"\x01\xff.*\x01\xffab", "a密码c".encode(), b"c" * 9]
)
def test_it_finds_what_a_comparison_at_every_place_finds(data: bytes) -> None:
    compared = [
        (number, start)
        for number, piece in enumerate(PIECES)
        for start in range(len(data))
        if data.startswith(piece, start)
    ]
    assert places(data) == sorted(compared)


def test_it_ends_where_the_judge_says_so() -> None:
    asked: list[int] = []
    assert SEARCH.any(b"c" * 1000, lambda _, start: asked.append(start) is None and len(asked) == 3)
    assert asked == [0, 1, 2]


def test_an_error_of_the_judge_is_not_taken_for_an_answer() -> None:
    def fail(_number: int, _start: int) -> bool:
        raise KeyError("judge")

    with pytest.raises(KeyError):
        SEARCH.any(b"abc", fail)


def test_threads_search_at_the_same_time() -> None:
    data = b"abcd" * 50_000
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: len(places(data)), range(8)))
    assert counts == [150_000] * 8
