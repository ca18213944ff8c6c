"""Whatever is put in the place of a small file of the data dir is a finding with its name, and no traceback or 500."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.audit import head
from tenants.installation import restores
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry
from tests.diagnosis.console_requests import decide, page_of
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.staff_clients import operator

TEXTS = [
    b"\xff\xfe", b"1", b"a b c", b"-1 x", b"99999999999999999999999999 abc", b"9" * 3000 + b" x",
    "\u0663 x".encode(), b"1 " + b"z" * 10**6, b"{}", b"[]", b"null", b"7", b'{"taken_at": 7}',
    b'{"taken_at": "2026-99-99"}', b"[" * 4_000, b"[" * 900_000, b"\0" * 100,
]  # fmt: skip
PLACES = ["folder", "full folder", "link to itself", *TEXTS]


def put(path: Path, what: Any) -> None:
    """Put this in the place of the file."""
    path.unlink(missing_ok=True)
    if what == "link to itself":
        os.symlink(path, path)
    elif isinstance(what, str):
        path.mkdir()
        if what == "full folder":
            (path / "x").write_text("x")
    else:
        path.write_bytes(what)


def cleared(path: Path) -> Iterator[Path]:
    """The path; afterwards nothing is there."""
    yield path
    for left in path.parent.glob(f"{path.name}*"):
        if left.is_dir() and not left.is_symlink():
            (left / "x").unlink(missing_ok=True)
            left.rmdir()
        else:
            left.unlink()


@pytest.fixture
def head_file() -> Iterator[Path]:
    """The path of the head of the audit log."""
    yield from cleared(head.head_path())


@pytest.fixture
def note_file() -> Iterator[Path]:
    """The path of the note of a backup."""
    yield from cleared(restores.note_path())


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    browser = operator()
    browser.raise_request_exception = False
    return browser


def said(command: str, *arguments: str) -> str:
    """What the command prints or ends with."""
    out = io.StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


@pytest.fixture
def shop(alice: MintedProject, call: Any, boss: Client) -> MintedProject:
    """A project with an approved loop."""
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    assert decide(boss, stored_loop(), "approve").status_code == 302
    return alice


def test_a_head_that_is_none_is_named_and_opens_nothing(
    shop: MintedProject, boss: Client, call: Any, head_file: Path, tmp_path: Path
) -> None:
    found = []
    for number, what in enumerate(PLACES):
        list(cleared(head_file))
        put(head_file, what)
        loop, agent = stored_loop(), shop.keys["agent"]
        statuses = [
            call("GET", f"/v1/loops/{loop.pk}/handoff", agent).status_code,
            call("GET", f"/v1/loops/{loop.pk}", agent).status_code,
            boss.get(page_of(loop)).status_code,
        ]
        told = [said("verify_audit"), said("check_data"), said("backup", str(tmp_path / str(number)))]
        if statuses != [409, 200, 200] or not all("audit" in each for each in told[:2]):
            found.append((str(what)[:20], statuses, told))

    assert found == []


@pytest.mark.parametrize("what", PLACES[:4])
def test_a_head_that_is_none_can_be_accepted(
    shop: MintedProject, head_file: Path, what: Any, django_capture_on_commit_callbacks: Any
) -> None:
    put(head_file, what)

    with django_capture_on_commit_callbacks(execute=True):
        assert "Accepted" in said("check_data", "--accept")

    assert head.known_head() == head.AuditHead(*AuditEntry.objects.values_list("sequence", "hash")[0])
    assert "audit_head" not in said("check_data")


def test_a_note_that_is_none_still_says_that_the_data_dir_was_restored(db: None, note_file: Path) -> None:
    for what in PLACES:
        list(cleared(note_file))
        put(note_file, what)
        assert "restored" in said("check_data"), what
        assert "Restored from the backup" in said("verify_audit"), what

    put_back = said("check_data", "--accept")

    assert "Accepted" in put_back
    assert "restored" not in said("check_data")


def test_the_files_are_of_the_tests_own_data_dir() -> None:
    assert Path(settings.LOOPKIT_DATA_DIR) in head.head_path().parents
