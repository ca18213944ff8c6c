"""A store's fault is logged once with whose it is and what to do, and is never taken for a fault of ours."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection

from loopkit.http import store_fault
from tenants.stores.project_file import OutdatedFile
from tenants.stores.soundness import DamagedColumn
from tests import ROOT

FULL = "Make room on its disk; nothing else is needed."


def fault(code: int, text: str) -> OperationalError:
    """A fault as Django raises it over sqlite3's."""
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code
    error = OperationalError(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database is locked"),
        DatabaseError("file is not a database"),
        OutdatedFile("run migrate_projects"),
        DamagedColumn("telemetry_record.name"),
        fault(sqlite3.SQLITE_LOCKED_SHAREDCACHE, "database table is locked"),
        fault(sqlite3.SQLITE_IOERR_READ, "disk I/O error"),
    ],
)
def test_what_a_store_does_is_its_fault(error: Exception) -> None:
    assert store_fault.is_store_fault(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("UNIQUE"),
        KeyError("x"),
        ValueError("x"),
        OSError("x"),
        fault(sqlite3.SQLITE_ERROR, 'near "SELEKT": syntax error'),
        fault(sqlite3.SQLITE_TOOBIG, "string or blob too big"),
    ],
)
def test_a_fault_of_ours_is_none_of_a_store(error: Exception) -> None:
    assert not store_fault.is_store_fault(error)


def test_the_log_names_the_project_and_the_remedy(caplog: pytest.LogCaptureFixture) -> None:
    store_fault.log_store_fault(
        fault(sqlite3.SQLITE_FULL, "database or disk is full"), "acme-1", "/v1/traces"
    )

    assert caplog.messages == [
        f"The store of project acme-1 is not available at '/v1/traces': database or disk is full. {FULL}"
    ]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "fuser"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "writable"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "mounted"),
        (sqlite3.SQLITE_IOERR_WRITE, "disk fails"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "docs/operations.md"),
        (sqlite3.SQLITE_NOTADB, "docs/operations.md"),
    ],
)
def test_each_kind_of_fault_has_its_remedy(code: int, remedy: str) -> None:
    assert remedy in store_fault.store_remedy(fault(code, "x"))


@pytest.mark.parametrize(
    "error", [OutdatedFile("run `manage.py migrate_projects`."), DamagedColumn("telemetry_record.name")]
)
def test_an_error_that_names_its_remedy_gets_no_other(error: Exception) -> None:
    assert store_fault.store_remedy(error) == ""


def test_the_same_fault_is_said_once_in_a_while(caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr("loopkit.http.store_fault.time.monotonic", lambda: now[0])
    for project in ("acme-1", "acme-1", "globex-2"):
        store_fault.log_store_fault(OperationalError("locked"), project, "/v1/traces")

    now[0] += store_fault.QUIET_SECONDS
    store_fault.log_store_fault(OperationalError("locked"), "acme-1", "/v1/traces")

    assert [message.split()[4] for message in caplog.messages] == ["acme-1", "globex-2", "acme-1"]


@pytest.mark.django_db
def test_a_fault_of_the_control_database_is_charged_to_no_project(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")

    store_fault.log_store_fault(raised.value, "acme-1", "/v1/runs/diagnose")
    connection.errors_occurred = False

    assert caplog.messages[0].startswith("The control database is not available at '/v1/runs/diagnose'")


def test_the_repository_describes_what_the_log_points_at() -> None:
    operations = ROOT / "docs" / "operations.md"

    assert "A damaged file" in operations.read_text()
