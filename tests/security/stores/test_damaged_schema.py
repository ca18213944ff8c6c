"""A database whose schema is damaged, or not the one that this code made, is a 503 with the remedy, and never a 500."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from diagnosis.models import Loop
from loopkit.http import store_fault
from tenants.stores import last_looks, pool
from tests import ROOT
from tests.logged_faults import forget_logged_faults
from tests.security.approvals.failing_shop import diagnose, send_orders
from tests.security.stores.damages import SEED
from tests.security.stores.furnished_shop import Shop, undone

ANSWERED = (200, 202, 404, 409, 503)
STATEMENTS = re.compile(rb"CREATE (?:TABLE|INDEX|UNIQUE INDEX)[ -~]+")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was logged or found sound before."""
    monkeypatch.setattr(store_fault, "QUIET_SECONDS", 0)
    monkeypatch.setattr(last_looks, "LEAST_SECONDS", 0)
    monkeypatch.setattr(last_looks, "COST", 0)


def flips(sound: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    """So many copies with one byte of the schema's text inverted, and where; the same ones in each run."""
    places = [place for found in STATEMENTS.finditer(sound) for place in range(*found.span())]
    for place in random.Random(SEED).sample(places, number):
        around = sound[place - 12 : place + 8].decode("latin-1")
        yield f"{place}: {around}", flipped(sound, place)


def put(shop: Shop, content: bytes) -> None:
    """Put these bytes in the place of the project's file."""
    pool.close_all()
    for extra in shop.path.parent.glob(f"{shop.path.name}-*"):
        extra.unlink()
    draft = Path(f"{shop.path}.new")
    draft.write_bytes(content)
    draft.replace(shop.path)


def with_word_of_no_text(sound: bytes, table: str) -> bytes:
    """The file with one byte inverted, so that SQLite's own message about the table's statement is no text."""
    return flipped(sound, sound.index(f'TABLE "{table}"'.encode()))


def flipped(sound: bytes, place: int) -> bytes:
    """The file with the byte at this place inverted."""
    return sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :]


def not_named(shop: Shop, copies: Iterator[tuple[str, bytes]], caplog: Any, most: int) -> list[Any]:
    """What got neither an answer nor a 503 with the remedy in the log, beside each of the damaged files."""
    found = []
    for name, content in copies:
        put(shop, content)
        for asked, ask in random.Random(name).sample(list(shop.questions()), most):
            caplog.clear()
            forget_logged_faults()
            status = ask().status_code
            if status not in ANSWERED or (status == 503 and "docs/operations.md" not in caplog.text):
                found.append((name, asked, status))
    return found


def test_a_byte_of_the_schema_is_answered_or_a_503_with_the_remedy(shop: Shop, caplog: Any) -> None:
    copies = flips(shop.sound.read_bytes(), 16)

    assert not_named(shop, copies, caplog, most=3) == []


@pytest.mark.faults
def test_no_byte_of_the_schema_is_a_500(shop: Shop, caplog: Any) -> None:
    number = 1000 if "EVERY_DAMAGE" in os.environ else 100

    assert (
        not_named(shop, flips(shop.sound.read_bytes(), number), caplog, most=len(list(shop.questions())))
        == []
    )


def test_the_log_says_what_is_missing(shop: Shop, caplog: Any) -> None:
    shop.damage(lambda file: file.execute("ALTER TABLE telemetry_record RENAME COLUMN name TO other"))

    answer = shop.agent("GET", "/v1/telemetry")

    assert answer.status_code == 503
    assert "no such column: telemetry_record.name: the database is damaged" in caplog.text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE telemetry_tally RENAME TO t; CREATE VIEW telemetry_tally AS SELECT * FROM t", "a view"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON telemetry_record BEGIN SELECT RAISE(ABORT, 'no'); END",
            "with a trigger",
        ),
    ],
)
def test_a_table_that_takes_no_rows_is_named(shop: Shop, change: str, named: str, caplog: Any) -> None:
    shop.damage(lambda file: file.executescript(change))

    answers = [ask() for asked, ask in shop.questions() if asked in ("ingest", "feedback")]

    assert {answer.status_code for answer in answers} == {503}
    assert f"({named}) holds wrong values: the database is damaged" in caplog.text


def test_commands_name_the_damaged_project_and_go_on_with_the_next_one(
    shop: Shop, make_project: Any, call: Any
) -> None:
    others = [make_project("aaa"), make_project("zoe")]
    for other in others:
        send_orders(call, other, orders=4, failing=2)
        diagnose(call, other)
    Loop.objects.update(state="shipped", shipped_at=timezone.now())
    put(shop, with_word_of_no_text(shop.sound.read_bytes(), "telemetry_record"))

    for command, looked_at in (("verify_loops", "Projects looked at: 3."), ("migrate_projects", "3/3 ")):
        printed = StringIO()
        with pytest.raises(
            CommandError, match=rf"{shop.minted.project.pk}: .*docs/operations\.md"
        ) as failure:
            call_command(command, stdout=printed)
        assert looked_at in printed.getvalue()
        assert not [other for other in others if other.project.pk in str(failure.value)]


@pytest.mark.parametrize("column", ["hash", "actor"])
@pytest.mark.parametrize("path", ["/admin/tenants/auditentry/download/", "/admin/tenants/auditentry/"])
def test_an_audit_log_without_a_column_is_a_503_before_the_first_byte(
    shop: Shop, path: str, column: str, caplog: Any
) -> None:
    with undone():
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER audit_no_update")
            cursor.execute(f"ALTER TABLE tenants_auditentry RENAME COLUMN {column} TO other")
        answer = shop.boss.get(path)

    assert answer.status_code == 503
    assert f"no such column: tenants_auditentry.{column}: the database is damaged" in caplog.text


def test_a_command_beside_a_damaged_control_database_ends_with_the_remedy(
    new_installation: Callable[[], Path],
) -> None:
    file = new_installation() / "control.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    file.write_bytes(with_word_of_no_text(file.read_bytes(), "tenants_project"))
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(file.parent)}

    ended = subprocess.run(
        [sys.executable, "manage.py", "check_data"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"The control database: SQLite's message about the file is no text. {store_fault.DAMAGED}"
    ]
