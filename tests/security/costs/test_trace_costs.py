"""Traces that are made to cost: deep chains of failures, and thousands of malformed calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from telemetry.grouping import attribution
from telemetry.grouping.attribution import attribute
from tests.diagnosis.failing_records import failing, parents

Key = tuple[bytes, bytes]


class CountedParents(Mapping[Key, bytes]):
    """Parents of spans that count how often one is asked for."""

    def __init__(self, known: Mapping[Key, bytes]) -> None:
        self.known, self.asked = known, 0

    def __getitem__(self, key: Key) -> bytes:
        self.asked += 1
        return self.known[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


def chain(length: int) -> CountedParents:
    """Spans inside each other: 0 is the root."""
    return CountedParents(parents(*((str(number), str(number - 1)) for number in range(1, length))))


def test_a_deep_chain_of_failures_is_walked_once() -> None:
    known = chain(3_000)
    spans = [failing(str(number), parent=str(number - 1) if number else "") for number in range(3_000)]

    (charged,) = attribute(spans, known)

    assert charged.primary.span_id == failing("2999").span_id
    assert len(charged.downstream) == attribution.MAX_CLIMB - 1
    assert known.asked < 2 * len(spans)


def test_failures_below_a_deep_chain_that_did_not_fail_share_the_walk() -> None:
    known = chain(900)
    leaves = [failing(f"leaf{number}", parent="899") for number in range(500)]

    charged = attribute([failing("0"), *leaves], known)

    assert len(charged) == len(leaves)
    assert all(item.downstream == [failing("0")] for item in charged[:10])
    assert known.asked < 2 * (len(known) + len(leaves))


def test_the_downstream_failures_of_a_trace_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MOST_DOWNSTREAM", 30)
    outer = [failing(str(number), parent=str(number - 1) if number else "") for number in range(10)]
    leaves = [failing(f"leaf{number}", parent="9", fingerprint=number) for number in range(10)]

    charged = attribute([*outer, *leaves], chain(10))

    assert [len(item.downstream) for item in charged] == [10, 10, 10, *[0] * 7]
