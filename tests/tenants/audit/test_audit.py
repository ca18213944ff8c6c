"""The audit log as a chain: it holds under concurrency, and every kind of tampering is found."""

from __future__ import annotations

import io
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tenants.audit import audit_log, chain, head
from tenants.models import AuditEntry
from tests.concurrent_processes import race

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Event = AuditEntry.Event
pytestmark = pytest.mark.django_db


@pytest.fixture
def append(django_capture_on_commit_callbacks: Any) -> Callable[..., None]:
    """`append(3)`: three entries, each committed as far as the head file can tell."""

    def add(count: int, what: str = "project:acme") -> None:
        for number in range(count):
            with django_capture_on_commit_callbacks(execute=True):
                audit_log.append_entry(Event.CHANGED, what, audit_log.SHELL, NOW, quota_spans=number)

    return add


def verified(export: Path | None = None) -> str:
    """What `manage.py verify_audit` says."""
    said = io.StringIO()
    call_command("verify_audit", *[str(export)] if export else [], stdout=said)
    return said.getvalue()


def tamper(*statements: str) -> None:
    """What somebody does who owns the database: the triggers are no obstacle."""
    with connection.cursor() as cursor:
        for statement in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", *statements):
            cursor.execute(statement)


def last() -> AuditEntry:
    """The newest entry."""
    return AuditEntry.objects.all()[0]


def test_an_untouched_log_fits_together(append: Any) -> None:
    append(3)

    assert verified() == f"3 entries, last {last().hash}\n"


def test_an_empty_log_is_nothing_to_complain_of() -> None:
    assert verified() == "No entries.\n"


@pytest.mark.parametrize(
    "column", ["at", "event", "actor", "target", "tenant_id", "address", "detail", "hash"]
)
def test_an_edit_of_any_column_is_found(append: Any, column: str) -> None:
    append(3)
    value = {"at": "2020-01-01 00:00:00", "detail": '{"quota_spans": 99}'}.get(column, "another")

    tamper(f"UPDATE tenants_auditentry SET {column} = '{value}' WHERE sequence = 2")

    with pytest.raises(CommandError, match="Entry 2 is not what LoopKit wrote there"):
        verified()


@pytest.mark.parametrize(("gone", "found"), [(1, "Entry 2 comes right after 0"), (2, "Entry 3 comes right")])
def test_a_removal_is_found(append: Any, gone: int, found: str) -> None:
    append(3)

    tamper(f"DELETE FROM tenants_auditentry WHERE sequence = {gone}")

    with pytest.raises(CommandError, match=found):
        verified()


def test_a_removal_is_found_where_the_rest_moved_up(append: Any) -> None:
    append(3)

    tamper(
        "DELETE FROM tenants_auditentry WHERE sequence = 2",
        "UPDATE tenants_auditentry SET sequence = 2 WHERE sequence = 3",
    )

    with pytest.raises(CommandError, match="Entry 2 is not what LoopKit wrote there"):
        verified()


@pytest.mark.parametrize("kept", [0, 2])
def test_the_removal_of_the_last_entries_is_found(append: Any, kept: int) -> None:
    append(3)

    tamper(f"DELETE FROM tenants_auditentry WHERE sequence > {kept}")

    with pytest.raises(CommandError, match="Entry 3 is gone or was changed"):
        verified()


def test_what_is_written_after_a_removal_does_not_hide_it(append: Any, caplog: Any) -> None:
    append(3)

    tamper("DELETE FROM tenants_auditentry WHERE sequence > 1")
    append(4)

    with pytest.raises(CommandError, match="Entry 3 is gone or was changed"):
        verified()
    assert "the audit log lost entry 3" in caplog.text


def test_an_insertion_without_the_secret_is_found(append: Any) -> None:
    append(2)
    forged = AuditEntry(sequence=3, at=NOW, event=Event.DECIDED, actor="user:olga", target="loop:loop_1")

    forged.hash = chain.seal(forged, last().hash, "a guess")
    forged.save(force_insert=True)

    with pytest.raises(CommandError, match="Entry 3 is not what LoopKit wrote there"):
        verified()


def test_a_wrong_secret_fits_no_entry_and_twenty_are_shown(append: Any, settings: Any) -> None:
    append(23)
    settings.LOOPKIT_AUDIT_SECRET = "another"

    with pytest.raises(CommandError, match=r"Entry 20 is not .*\nAnd 3 more\.$"):
        verified()


def test_a_head_that_is_missing_or_damaged_is_said(append: Any) -> None:
    append(1)

    head.head_path().write_text("x")
    with pytest.raises(CommandError, match="was changed: it should hold a number and a hash"):
        verified()
    head.head_path().unlink()
    with pytest.raises(CommandError, match="is missing"):
        verified()


def test_the_head_is_the_owners_and_never_goes_back(append: Any) -> None:
    append(2)

    head.advance_head(AuditEntry.objects.get(sequence=1))

    assert head.known_head() == head.AuditHead(2, last().hash)
    assert stat.S_IMODE(head.head_path().stat().st_mode) == 0o600


@pytest.fixture
def export(append: Any, tmp_path: Path) -> Path:
    """What `manage.py export_audit` wrote when there were two entries."""
    append(2)
    path = tmp_path / "export.jsonl"
    with path.open("w") as file:
        call_command("export_audit", stdout=file)
    return path


def test_an_export_is_the_log(append: Any, export: Path) -> None:
    append(1)

    exported = [chain.from_line(line) for line in export.read_bytes().splitlines()]

    kept = AuditEntry.objects.filter(sequence__lte=2).order_by("sequence")
    assert [chain.as_line(entry) for entry in exported] == [chain.as_line(entry) for entry in kept]
    assert verified(export) == (
        f"3 entries, last {last().hash}\n2 entries of {export} checked: the log continues them.\n"
    )


def test_an_export_without_an_entry_is_not_verified(append: Any, tmp_path: Path) -> None:
    append(1)
    (tmp_path / "export.jsonl").write_bytes(b"")

    with pytest.raises(CommandError, match=r"export\.jsonl has no entries, .* Give an earlier export"):
        verified(tmp_path / "export.jsonl")


def test_an_export_that_cannot_be_read_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nope\.jsonl cannot be read: No such file .* Give the path"):
        verified(tmp_path / "nope.jsonl")
    with pytest.raises(CommandError, match=r"cannot be read: Is a directory"):
        verified(tmp_path)


def test_an_export_shows_that_all_was_written_anew(append: Any, export: Path) -> None:
    tamper("DELETE FROM tenants_auditentry")
    head.head_path().unlink()
    append(3, "project:other")  # with the secret, by whoever owns the machine

    assert verified().startswith("3 entries")
    with pytest.raises(CommandError, match="Entry 2 is gone or is not what it was"):
        verified(export)


def test_an_edited_export_is_found(export: Path) -> None:
    export.write_text(export.read_text().replace('"quota_spans":0', '"quota_spans":9'))

    with pytest.raises(CommandError, match="Entry 1 is not what LoopKit wrote there"):
        verified(export)


def test_another_file_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("[]\n")

    with pytest.raises(CommandError, match="is not what export_audit writes"):
        verified(tmp_path / "notes")


@pytest.mark.parametrize(
    "write", [lambda rows: rows.update(actor="user:olga"), lambda rows: rows.filter(sequence=1).delete()]
)
def test_the_database_refuses_changes(append: Any, write: Callable[[Any], Any]) -> None:
    append(2)

    with pytest.raises(DatabaseError, match="the audit log is append-only"), transaction.atomic():
        write(AuditEntry.objects.all())

    assert AuditEntry.objects.filter(actor="shell").count() == 2


APPENDING = """
from concurrent.futures import ThreadPoolExecutor
import django

django.setup()
from django.core.management import call_command
from django.utils import timezone
from tenants.audit import audit_log as audit


def append(_: int) -> None:
    audit.append_entry(audit.AuditEvent.SIGNED_IN, name, audit.SHELL, timezone.now())

append(0)
wait_for_the_others()
with ThreadPoolExecutor(3) as threads:
    list(threads.map(append, range(12)))
call_command("verify_audit")  # while the other one may still append
"""


def test_threads_and_processes_never_fork_the_chain(new_installation: Callable[[], Path]) -> None:
    data_dir = new_installation()

    race(APPENDING, ["a", "b"], {"LOOPKIT_DATA_DIR": str(data_dir)})

    with closing(sqlite3.connect(data_dir / "control.sqlite3")) as control:
        sequence, last_hash = control.execute("SELECT max(sequence), hash FROM tenants_auditentry").fetchone()
    assert sequence == 2 * 13
    assert (data_dir / "audit.head").read_text() == f"{sequence} {last_hash}\n"
