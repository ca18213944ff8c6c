"""The cache that keeps no long text."""

from __future__ import annotations

from telemetry.short_cache import LONGEST, cached_if_short


def test_a_long_text_is_not_kept() -> None:
    calls: list[int] = []

    @cached_if_short(10)
    def size(text: str) -> int:
        calls.append(len(text))
        return len(text)

    assert [size("a"), size("a"), size("b" * (LONGEST + 1)), size("b" * (LONGEST + 1))] == [1, 1, 501, 501]
    assert calls == [1, 501, 501]


def test_the_texts_of_a_tuple_count_together() -> None:
    calls: list[tuple[str, str]] = []
    keep = cached_if_short(10)(lambda pair: calls.append(pair))

    for pair in [("a", "b"), ("a", "b"), ("a" * LONGEST, "b"), ("a" * LONGEST, "b")]:
        keep(pair)

    assert len(calls) == 3
