"""A database that was found sound is looked through again once it changed, and not more often than its size allows."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tenants.keys.provisioning import MintedProject
from tenants.stores import last_looks, pool, project_file, soundness
from tenants.stores.binding import bind, current_binding
from tests.tenants.stores.test_project_file import SPANS


@pytest.fixture
def path(alice: MintedProject, call: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Alice's file, with a span, of which nothing is known."""
    monkeypatch.setattr(last_looks, "_looks", {})
    assert call("POST", "/v1/traces", alice.keys["producer"], SPANS).status_code == 202
    return project_file.path_of(alice.project.pk)


def damage(path: Path) -> None:
    """Damage the file in its place."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE telemetry_record SET name = x'ff'")


def found_in(minted: MintedProject) -> str:
    """The damaged column of the project's file, as a fault of its code finds it."""
    with bind(minted.project):
        current_binding().alias()
        return soundness.damaged_column(current_binding().connection)  # type: ignore[arg-type]


def test_damage_after_a_fault_that_none_explained_is_found_a_second_later(
    path: Path, alice: MintedProject
) -> None:
    before = found_in(alice)
    damage(path)
    time.sleep(last_looks.LEAST_SECONDS + 0.1)

    assert (before, found_in(alice)) == ("", "telemetry_record.name (rowid 1)")


def test_an_unchanged_file_is_not_looked_through_again(
    path: Path, alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.close_all()  # afterwards, the file is not written to any more
    before = found_in(alice)
    monkeypatch.setattr(last_looks, "LEAST_SECONDS", 0)
    monkeypatch.setattr(last_looks, "COST", 0)
    monkeypatch.setattr(soundness, "first_damage", lambda *_: "looked again")

    assert (before, found_in(alice)) == ("", "")


def test_a_look_without_end_is_not_begun_again_at_once(
    path: Path, alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "PATIENCE", -1)

    with pytest.raises(soundness.OutOfTime):
        found_in(alice)

    assert found_in(alice) == ""


def test_a_look_that_took_long_is_repeated_later_than_one_that_took_short() -> None:
    short, long = (last_looks.Look((1,), ended=100.0, took=took) for took in (0.01, 3.0))

    assert [look.is_enough((2,), 102.0) for look in (short, long)] == [False, True]
    assert not long.is_enough((2,), 100.0 + 3.0 * last_looks.COST)
    assert short.is_enough((1,), 102.0)
    assert not short.is_enough(None, 102.0)
