"""
Values with structure, read as the JSON that they would be: what one member says makes another one a secret.

    {"name": "DB_PASSWORD", "value": "..."}     ["curl", "-u", "bob:..."]     ["X-Api-Key", "..."]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from telemetry.scrubbing.areas import everywhere
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.command_lines import program_options
from telemetry.scrubbing.named.stand_ins import MARK
from telemetry.scrubbing.readings import secrets_in
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.work import Work

MOST_DEPTH = 32  # deeper structure is not read together


class Leaf(NamedTuple):
    """A text of the value, and where it stands in the JSON."""

    start: int
    end: int
    value: AnyValue


class WrittenValue:
    """A value as JSON, and its texts."""

    def __init__(self, value: AnyValue) -> None:
        """Write it."""
        self.parts: list[str] = []
        self.length = 0
        self.leaves: list[Leaf] = []
        self.add_value(value, 0)
        self.text = "".join(self.parts)

    def add(self, part: str) -> None:
        """Write a part of the text."""
        self.parts.append(part)
        self.length += len(part)

    def add_value(self, value: AnyValue, depth: int) -> None:
        """Write a value."""
        kind = value.WhichOneof("value")
        if kind == "string_value":
            start = self.length
            self.add(json.dumps(value.string_value, ensure_ascii=False))
            self.leaves.append(Leaf(start, self.length, value))
        elif kind == "array_value" and depth < MOST_DEPTH:
            self.add("[")
            for number, item in enumerate(value.array_value.values):
                self.add(", " if number else "")
                self.add_value(item, depth + 1)
            self.add("]")
        elif kind == "kvlist_value" and depth < MOST_DEPTH:
            self.add("{")
            for number, pair in enumerate(value.kvlist_value.values):
                self.add((", " if number else "") + json.dumps(pair.key, ensure_ascii=False) + ": ")
                self.add_value(pair.value, depth + 1)
            self.add("}")
        else:
            self.add("0")


def redact_together(value: AnyValue, work: Work) -> int:
    """Replace the texts in which the JSON of the value has a secret by MARK; returns how many. Raises Spent."""
    written = WrittenValue(value)
    found = command_line_leaves(value, work)
    if len(written.leaves) > 1 and is_suspect(written.text.encode()):
        found += hit_leaves(written.leaves, secrets_in(written.text, everywhere(written.text), work))
    for leaf in found:
        leaf.value.string_value = MARK
    return len({id(leaf.value) for leaf in found})


def command_line_leaves(value: AnyValue, work: Work) -> list[Leaf]:
    """The arguments of a command, written as a list, that are secrets."""
    items = value.array_value.values
    if not items or any(item.WhichOneof("value") != "string_value" for item in items):
        return []
    leaves, length = [], 0
    for item in items:
        leaves.append(Leaf(length, length + len(item.string_value), item))
        length += len(item.string_value) + 1
    line = " ".join(item.string_value for item in items)
    return list(hit_leaves(leaves, program_options(line, everywhere(line), work)))


def hit_leaves(leaves: Iterable[Leaf], secrets: Iterable[Place]) -> Iterator[Leaf]:
    """The texts in which there is a secret, and which are not MARK yet, each once."""
    places = sorted(secrets)
    number = 0
    for leaf in leaves:
        while number < len(places) and places[number][1] <= leaf.start:
            number += 1
        if number < len(places) and places[number][0] < leaf.end and leaf.value.string_value != MARK:
            yield leaf
