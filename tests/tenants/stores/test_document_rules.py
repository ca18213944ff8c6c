"""The forms of documents: rules over several fields, by the kind of a row, and numbers that can be computed with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from diagnosis.models import Decision, Loop, LoopEvent
from tenants.stores import soundness
from tenants.stores.document_rules import has_form, is_natural, is_number, is_time, json_form

WINDOW = {"start": "2026-11-30T11:00:00Z", "end": "2026-11-30T12:00:00Z"}
BASELINE = {"failures": 6, "exposure": 60, "window": WINDOW, "batches": [[1, 20], [5, 40]]}
NUMBERS = {"failures": 30, "users": 0, "failures_per_day": 720.0, "window": WINDOW}


def fits(model: Any, field: str, document: Any, kind: str = "") -> bool:
    """Whether the document has the form of the column, in a row of this kind."""
    return has_form(document, json_form(model._meta.get_field(field)).of(kind))


@pytest.mark.parametrize("change", [{"failures": 61}, {"batches": [[21, 20]]}, {"exposure": 2**53 + 1}])
def test_no_more_failed_than_ran(change: dict[str, Any]) -> None:
    assert fits(Loop, "baseline", BASELINE)
    assert not fits(Loop, "baseline", BASELINE | change)


@pytest.mark.parametrize(
    "document", [{"failures": {}}, NUMBERS | {"window": WINDOW | {"end": 0}}, NUMBERS | {"users": None}]
)
def test_numbers_decided_on_are_whole_or_none(document: dict[str, Any]) -> None:
    assert fits(Decision, "numbers", NUMBERS)
    assert fits(Decision, "numbers", {})
    assert not fits(Decision, "numbers", document)


def test_a_correction_has_a_time_and_other_events_may() -> None:
    assert fits(LoopEvent, "detail", {}, "shipped")
    assert fits(LoopEvent, "detail", {"shipped_at": "2026-11-30T12:00:00Z"}, "shipped_corrected")
    assert not fits(LoopEvent, "detail", {}, "shipped_corrected")
    assert not fits(LoopEvent, "detail", {"shipped_at": "0001-01-01T00:00:00+14:00"}, "shipped")
    assert not fits(LoopEvent, "detail", {"side_effects": 1}, "verified")


def test_a_row_is_judged_by_its_own_kind() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE diagnosis_loopevent (detail, kind)")
        database.execute(
            "INSERT INTO diagnosis_loopevent VALUES ('{}', 'shipped'), ('{}', 'shipment_corrected')"
        )

        assert soundness.formless_document(database, LoopEvent) == "diagnosis_loopevent.detail (rowid 2)"


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z"]
)
def test_a_time_that_telemetry_cannot_have_is_none(text: str) -> None:
    assert is_time("1970-01-01T00:00:00Z")
    assert is_time("2262-04-11T23:47:16Z")
    assert not is_time(text)


def test_numbers_are_bounded_so_that_their_products_and_sums_are_numbers() -> None:
    assert [is_number(value) for value in (0, -1.5, 2**64, 1e308, -1e308, True, "1")] == [True] * 3 + [
        False
    ] * 4
    assert [is_natural(value) for value in (0, 2**53, 2**53 + 1, -1, 1.0, True)] == [True] * 2 + [False] * 4
