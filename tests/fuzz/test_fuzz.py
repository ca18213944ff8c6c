"""No body gives anything but spans or a refusal: hypothesis's inputs, and those that once broke something."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.grouping.versions import NEWEST
from telemetry.normalise import normalise
from telemetry.otlp import otlp_json
from telemetry.otlp.decode import Decoded, Encoding
from tests.fuzz import mutations, seeds, targets
from tests.fuzz.odd_requests import odd_requests

FEW, MANY = 60, 300  # examples; hypothesis takes 30 ms to make up a request, a change takes 2 ms


def quick(examples: int) -> settings:
    """The same examples each time, no clock."""
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None)


WORDS = sorted(seeds.words())
SMALL = {name: [seed for seed in seeds.seeds(name) if len(seed) < 4000] for name in targets.TARGETS}


def rows(decoded: Decoded | None) -> list[Any]:
    """What becomes of the spans."""
    return [] if decoded is None else [normalise(span, NEWEST)[:-2] for span in decoded.spans]


@pytest.mark.parametrize("path", sorted(seeds.FOUND.iterdir()), ids=lambda path: path.name)
def test_what_once_broke_something_does_so_no_more(path: Path) -> None:
    targets.TARGETS[path.name.partition("-")[0]](path.read_bytes())


@pytest.mark.parametrize("target", targets.TARGETS)
@quick(FEW)
@given(data=st.binary(max_size=200))
def test_random_bytes_break_nothing(target: str, data: bytes) -> None:
    targets.TARGETS[target](data)


@pytest.mark.parametrize("target", targets.TARGETS)
@quick(FEW)
@given(seed=st.integers(0, 1 << 32))
def test_real_requests_with_changed_bytes_break_nothing(target: str, seed: int) -> None:
    chance = random.Random(seed)

    targets.TARGETS[target](with_changed_bytes(chance.choice(SMALL[target]), chance))


@pytest.mark.parametrize("target", mutations.MUTATE)
@quick(MANY)
@given(seed=st.integers(0, 1 << 32))
def test_real_requests_with_changed_fields_break_nothing(target: str, seed: int) -> None:
    chance = random.Random(seed)
    changed = mutations.MUTATE[target](
        chance.choice(SMALL[target]), chance, WORDS, lambda part: with_changed_bytes(part, chance)
    )

    targets.TARGETS[target](changed)


@quick(FEW)
@given(odd_requests(WORDS))
def test_odd_requests_give_the_same_rows_in_both_encodings(body: bytes) -> None:
    decoded = targets.ingest(body, Encoding.JSON)

    if decoded is not None:
        again = targets.ingest(otlp_json.parse_json_request(body).SerializeToString(), Encoding.PROTOBUF)
        assert rows(again) == rows(decoded)


def with_changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """Some bytes replaced, taken out or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        end = start + chance.choice((0, 1, 1, 8))
        changed[start:end] = chance.choice((b"", chance.randbytes(1), changed[start:end] * 2))
    return bytes(changed)
