"""Whatever the number of an entry of the audit log is edited into: it is found, and nothing is a 500."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from tenants.audit import audit_log, chain, head, lookup, numbers
from tenants.audit.stored_entries import stored_entries
from tenants.installation import findings
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry
from tests.module_data import ModuleData, copy_of_client
from tests.security.approvals.failing_shop import approved_shop, drop_triggers, stored_loop
from tests.security.stores.furnished_shop import undone

# As SQL writes them: of each class that SQLite stores, and edges. https://www.sqlite.org/datatype3.html
LAST = [
    "'x'",
    "''",
    "x'00'",
    "x'31'",
    "CAST(x'fffe' AS TEXT)",
    "9e999",
    "9.5",
    "9223372036854775807",
    "5.0e18",
]
BEFORE = ["-1", "0", "-9e999", "1.5"]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Any) -> Iterator[ModuleData]:
    """A project with an approved loop."""
    yield from build_module_data(lambda: approved_shop(call))


@pytest.fixture
def boss(db: None, module_data: ModuleData) -> Client:
    """A superuser's browser."""
    browser = copy_of_client(module_data.built.boss)
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def shop(data_dir: Any, db: None, module_data: ModuleData, monkeypatch: pytest.MonkeyPatch) -> MintedProject:
    """That project, in a database whose owner edits the log."""
    head.head_path().unlink(missing_ok=True)
    drop_triggers()
    monkeypatch.setattr(findings, "recent", [])
    return deepcopy(module_data.built.minted)


def edit(number: int, value: str) -> None:
    """Give the row of the entry this number, as SQL writes it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE tenants_auditentry SET sequence = {value} WHERE sequence = {number}")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


def asked(question: Callable[[], Any]) -> int:
    """The status of the answer, of which nothing stays."""
    with undone():
        return int(question().status_code)


def last_number() -> int:
    """The newest entry's number."""
    return AuditEntry.objects.latest("sequence").sequence


def verified() -> str:
    """What verify_audit says, also if it fails."""
    printed = io.StringIO()
    try:
        call_command("verify_audit", stdout=printed)
    except CommandError as error:
        return str(error)
    return printed.getvalue()


@pytest.mark.parametrize("value", [*LAST, *BEFORE])
def test_the_row_is_named_and_marked_wherever_it_is(
    shop: MintedProject, boss: Client, value: str, tmp_path: Any
) -> None:
    count, number = AuditEntry.objects.count(), last_number() - 1
    edit(number, value)
    export = tmp_path / "log.jsonl"

    with export.open("w") as file:
        call_command("export_audit", stdout=file)
    answer = boss.get("/admin/tenants/auditentry/download/")
    downloaded = b"".join(answer.streaming_content)

    assert f"comes right after {number - 1}" in verified()
    assert len(export.read_text().splitlines()) == len(downloaded.splitlines()) == count
    lines = [json.loads(line) for line in downloaded.splitlines()]
    assert [line for line in lines if line["sequence"] is None or line["sequence"] != lines.index(line) + 1]
    with pytest.raises(CommandError, match=f"{number - 1}"):
        call_command("verify_audit", str(export), stdout=io.StringIO())
    assert not lookup.are_intact_since(0)


@pytest.mark.parametrize("value", LAST)
def test_a_log_that_cannot_be_continued_is_a_503_whose_remedy_works(
    shop: MintedProject, boss: Client, call: Any, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    number, hashes = last_number(), set(AuditEntry.objects.values_list("hash", flat=True))
    loop_id = stored_loop().pk
    edit(number, value)

    client = Client(raise_request_exception=False)
    key = {"agent_key": shop.keys["agent"]}
    statuses = {
        "provision": asked(lambda: call("POST", "/v1/provision", "", {"project_name": "late"})),
        "handoff": asked(lambda: call("GET", f"/v1/loops/{loop_id}/handoff", shop.keys["agent"])),
        "page": asked(lambda: boss.get("/admin/tenants/auditentry/")),
        "sign in": asked(lambda: client.post("/dashboard/sign-in", key)),
    }
    warnings = call("GET", "/readyz").json()["warnings"]

    assert (statuses["provision"], statuses["sign in"]) == (503, 503)
    assert statuses["handoff"] in (409, 503)
    assert statuses["page"] in (200, 503)
    assert numbers.REMEDY in caplog.text
    assert [warning.partition(":")[0] for warning in warnings] == ["audit_numbers"]

    call_command("check_data", accept=True, stdout=io.StringIO())

    assert call("POST", "/v1/provision", "", {"project_name": "late"}).status_code == 201
    assert list(chain.breaks(stored_entries(AuditEntry.objects.all()), settings.LOOPKIT_AUDIT_SECRET)) == []
    assert AuditEntry.objects.get(sequence=number + 1).event == AuditEntry.Event.ACCEPTED
    assert hashes < set(AuditEntry.objects.values_list("hash", flat=True))
    with pytest.raises(Exception, match="append-only"):
        AuditEntry.objects.filter(sequence=1).update(actor="x")


def test_a_row_that_gets_another_number_than_its_own_is_named(shop: MintedProject) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_auditentry SET actor = 'x', sequence = 'x' WHERE sequence = 2")

    call_command("check_data", accept=True, stdout=io.StringIO())

    assert "Entry 2 is not what LoopKit wrote there" in verified()


def test_a_sound_log_is_left_as_it_is(shop: MintedProject) -> None:
    before = list(AuditEntry.objects.order_by("sequence").values_list("sequence", "hash"))

    numbers.number_again()
    audit_log.append_entry(AuditEntry.Event.ADDED, "x", audit_log.SHELL, timezone.now())

    assert list(AuditEntry.objects.order_by("sequence").values_list("sequence", "hash"))[:-1] == before
    assert numbers.rows_without_number() == []
