"""Values counted in the stored bytes of spans are those that the records have when they are read whole."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.issues.hints import contents, population
from diagnosis.issues.hints.contents import RecordContents
from diagnosis.issues.hints.facts import CONTENT, FactReader
from diagnosis.window.traffic import ServiceOperation
from telemetry.models import Record
from telemetry.otlp.values import plain_attributes
from telemetry.reads.record_parts import parts_of
from telemetry.windows import MINUTE_NANO, Window, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import any_value, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WINDOW = Window(unix_nano(NOW) - MINUTE_NANO, unix_nano(NOW) + MINUTE_NANO)
PLACE = ServiceOperation("shop", "work")
VALUES = [
    "7",
    7,
    True,
    "True",
    False,
    0,
    -1,
    2**62,
    "",
    "eu",
    "é",
    0.5,
    ["eu"],
    {"zone": "eu"},
    "x" * 300,
    b"eu",
]
NAMES = ["zone", "app.zone", "one", "zon"]


def drawn_span(chance: random.Random, number: int) -> dict[str, Any]:
    """A span with drawn attributes, also in an event and in a text that resembles one."""
    attributes = {name: chance.choice(VALUES) for name in NAMES if chance.random() < 0.6}
    event = {"name": "looked", "timeUnixNano": "1", "attributes": [{"key": "zone", "value": any_value("eu")}]}
    made = span(trace=number, id=number, at=NOW, attributes=attributes)
    if chance.random() < 0.3:
        made["events"] = [event]
    if chance.random() < 0.1:
        made["attributes"].append({"key": "zone", "value": any_value("repeated")})
    if chance.random() < 0.2:
        made["attributes"].append({"key": "note", "value": any_value("\n\x04zone\x12\x04\n\x02eu")})
    return made


def read_contents() -> RecordContents:
    """All records of the bound project."""
    rows = population.read_pieces([(WINDOW.start_unix_nano, WINDOW.end_unix_nano)], {PLACE})
    return RecordContents(rows)


@pytest.mark.parametrize("longest", [contents.LONG, 100])
def test_every_value_is_found_where_the_record_has_it(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch, longest: int
) -> None:
    monkeypatch.setattr(contents, "LONG", longest)
    chance = random.Random(longest)
    for number in range(6):
        spans = [drawn_span(chance, number * 50 + n) for n in range(50)]
        resource = {"service.name": "shop", **({"zone": chance.choice(["eu", 7])} if number % 2 else {})}
        store(alice.project, spans, NOW, resource)

    with bind(alice.project):
        read = read_contents()
        rows = list(Record.objects.all())
        reader = FactReader()
        known = {}
        for row, parts in zip(rows, parts_of(rows), strict=True):
            both = [*parts.origin.resource.attributes, *parts.span.attributes]
            known[bytes(row.trace_id) + bytes(row.span_id)] = reader.facts_of(plain_attributes(both))

    assert len(read.rows) == len(rows) == 300
    values = {(name, text) for facts in known.values() for name, text in facts.items() if text != CONTENT}
    assert len(values) > 30
    for value in [*values, *((name, None) for name in [*NAMES, "never"])]:
        expected = {key for key, facts in known.items() if facts.get(value[0]) == value[1]}
        assert {read.rows[number].key for number in read.having(PLACE, value)} == expected, value


def test_a_record_whose_span_is_gone_is_left_out(alice: MintedProject) -> None:
    store(alice.project, [span(trace=n, id=n, at=NOW, attributes={"zone": "eu"}) for n in range(5)], NOW)
    with bind(alice.project):
        lost = Record.objects.order_by("position")[0]
        Record.objects.filter(trace_id=lost.trace_id).update(position=77)

        read = read_contents()

    assert len(read.rows) == 4
    assert len(read.having(PLACE, ("zone", "eu"))) == 4
    assert read.having(PLACE, ("zone", None)) == frozenset()
