"""
Values with structure, read as the JSON that they would be: what one member says makes another one a secret.

    {"name": "DB_PASSWORD", "value": "..."}     ["curl", "-u", "bob:..."]     ["X-Api-Key", "..."]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.scrubbing.areas import everywhere
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.command_lines import program_options
from telemetry.scrubbing.named.endings import word_ends
from telemetry.scrubbing.named.places import real_values
from telemetry.scrubbing.named.stand_ins import MARK
from telemetry.scrubbing.named.typed.beside import typed_values
from telemetry.scrubbing.named.typed.members import holds_typed, names_a_field
from telemetry.scrubbing.readings import secrets_in
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.work import Work

MOST_DEPTH = 32  # deeper structure is not read together
MOST_MEMBERS = 32  # attributes of one beginning that are read together
LONGEST_TYPED = 1024  # characters of what is typed, or of what names its field


class Leaf(NamedTuple):
    """A text of the value, and where it stands in the JSON."""

    start: int
    end: int
    value: AnyValue


class WrittenValue:
    """A value as JSON, and its texts."""

    def __init__(self, value: AnyValue | list[tuple[str, AnyValue]]) -> None:
        """Write it."""
        self.parts: list[str] = []
        self.length = 0
        self.leaves: list[Leaf] = []
        if isinstance(value, AnyValue):
            self.add_value(value, 0)
        else:
            self.add_members(value, 0)
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
            self.add_members(((pair.key, pair.value) for pair in value.kvlist_value.values), depth + 1)
        else:
            self.add("0")

    def add_members(self, members: Iterable[tuple[str, AnyValue]], depth: int) -> None:
        """Write an object."""
        self.add("{")
        for number, (name, value) in enumerate(members):
            self.add((", " if number else "") + json.dumps(name, ensure_ascii=False) + ": ")
            self.add_value(value, depth)
        self.add("}")


def redact_together(value: AnyValue, work: Work) -> int:
    """Replace the texts in which the JSON of the value has a secret by MARK; returns how many. Raises Spent."""
    return marked([*command_line_leaves(value, work), *written_leaves(WrittenValue(value), work)])


def redact_siblings(pairs: Iterable[KeyValue], work: Work) -> int:
    """
    Replace what is typed into a field that another attribute names by MARK; returns how many. Raises Spent.

    Attributes whose names differ in the last part alone are read as the members of one object.
    """
    objects: dict[str, list[tuple[str, AnyValue]]] = {}
    for pair in pairs:
        if 0 < len(pair.value.string_value) <= LONGEST_TYPED:
            prefix, _, last = pair.key.rpartition(".")
            objects.setdefault(prefix, []).append((last, pair.value))
    found: list[Leaf] = []
    for members in objects.values():
        if any(names_a_field(name) for name, _ in members) and any(holds_typed(name) for name, _ in members):
            written = WrittenValue(members[:MOST_MEMBERS])
            work.read(everywhere(written.text))
            ends = word_ends(written.text, everywhere(written.text), work)
            found += hit_leaves(
                written.leaves, real_values(written.text, typed_values(written.text, ends, work))
            )
    return marked(found)


def written_leaves(written: WrittenValue, work: Work) -> Iterator[Leaf]:
    """The texts in which there is a secret, of a value with several. Raises Spent."""
    if len(written.leaves) > 1 and is_suspect(written.text.encode()):
        yield from hit_leaves(written.leaves, secrets_in(written.text, everywhere(written.text), work))


def marked(leaves: list[Leaf]) -> int:
    """Replace the texts by MARK; returns how many there were."""
    for leaf in leaves:
        leaf.value.string_value = MARK
    return len({id(leaf.value) for leaf in leaves})


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
