"""Whatever a value of an entry of the audit log is edited into: it is found, by number, and no answer is a 500."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from diagnosis.models import Decision, Loop
from tenants.audit import audit_log, chain, head, lookup
from tenants.audit.stored_entries import stored_entries
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry
from tests.diagnosis.console_requests import page_of
from tests.module_data import ModuleData, copy_of_client
from tests.security.approvals.failing_shop import (
    approved_shop,
    diagnose,
    drop_triggers,
    send_orders,
    stored_loop,
)
from tests.staff_clients import Reader
from tests.telemetry.factory import request, span

MARK = "zq-mark-qz"
# As JSON writes them, or as it must not.
TEXTS = [
    "null", "true", "false", "0", "-0", "-0.0", "1", "-1", "1.0", "10e-1", "1e2", "3", "0.1", "1e308", "1e999",
    "-1e999", "NaN", "Infinity", "-Infinity", str(2**63), str(2**64), str(-(2**70)), "9" * 5_000, '""', '"x"', '"null"',
    '"\\ud800"', '"\\u0000"', '"\\u0041"', "[]", "{}", "[null]", '{"a": 1, "a": 2}', "[" * 300 + "]" * 300,
    "[" * 20_000 + "]" * 20_000, "{x", "", "'x'",
]  # fmt: skip


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
def shop(data_dir: Any, db: None, module_data: ModuleData) -> MintedProject:
    """That project, in a database whose owner edits the log."""
    head.head_path().unlink(missing_ok=True)
    drop_triggers()
    return deepcopy(module_data.built.minted)


@contextmanager
def edited(number: int, column: str, value: Any) -> Iterator[None]:
    """The row with this value in its column, in the block."""
    with transaction.atomic():
        mark = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute(
                f"UPDATE tenants_auditentry SET {column} = %s WHERE sequence = %s", [value, number]
            )
        yield
        transaction.savepoint_rollback(mark)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value inside JSON that has none inside itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    nested = [deeper for name, part in inner for deeper in leaves(part, (*path, name))]
    yield from nested or [path]


def replaced(document: dict[str, Any], path: tuple[Any, ...], text: str) -> str:
    """The document as text, with this text at the path."""
    if not path:
        return text
    copy = json.loads(json.dumps(document))
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = MARK
    return json.dumps(copy).replace(f'"{MARK}"', text)


def spellings(document: dict[str, Any], path: tuple[Any, ...]) -> Iterator[str]:
    """Other texts for the value at the path: in other words, twice, or among the same value."""
    value: Any = document
    for name in path:
        value = value[name]
    written = json.dumps(value)
    if isinstance(value, str):
        yield '"' + "".join(f"\\u{ord(letter):04x}" for letter in value) + '"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from (f"{written}.0", f"{written}e0", f"{written}0e-1")
    if path and isinstance(path[-1], str):
        yield f'{written}, "{path[-1]}": "x"'
        yield f'"x", "{path[-1]}": {written}'


def strict(text: str) -> str:
    """The text of JSON's value that tells all values apart; "" for what LoopKit cannot read."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return ""


def findings() -> list[str]:
    """What the chain says of the whole log."""
    return list(chain.breaks(stored_entries(AuditEntry.objects.all()), settings.LOOPKIT_AUDIT_SECRET))


def test_every_edit_of_every_value_is_named_by_its_entry(shop: MintedProject) -> None:
    assert findings() == []
    tried, missed = 0, []
    for entry in AuditEntry.objects.order_by("sequence"):
        for path in leaves(entry.detail):
            for text in (*TEXTS, *spellings(entry.detail, path)):
                document = replaced(entry.detail, path, text)
                is_same = strict(document) == strict(json.dumps(entry.detail))
                with edited(entry.sequence, "detail", document):
                    said = findings()
                tried += 1
                if bool(said) is is_same or not all(
                    f"Entry {entry.sequence} is not" in each for each in said
                ):
                    missed.append((entry.sequence, path, text[:20], said))

    assert missed == []
    assert tried > 800


@pytest.mark.parametrize("column", ["at", "event", "actor", "target", "tenant_id", "address", "detail"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"", 7, 2**62, 1.5, "x" * 10_000, "\u0000"])
def test_a_column_that_cannot_be_read_is_named_too(shop: MintedProject, column: str, value: Any) -> None:
    number = AuditEntry.objects.latest("sequence").sequence
    with edited(number, column, value):
        assert [f"Entry {number} is not" in each for each in findings()] == [True]
        with pytest.raises(CommandError, match=f"Entry {number} is not what LoopKit wrote"):
            call_command("verify_audit", stdout=io.StringIO())


@pytest.mark.parametrize(
    "column", ["at", "event", "actor", "target", "tenant_id", "address", "detail", "hash"]
)
def test_a_value_of_another_type_hides_and_stops_nothing(
    shop: MintedProject, boss: Client, column: str, tmp_path: Any
) -> None:
    numbers = sorted(AuditEntry.objects.values_list("sequence", flat=True))
    export = tmp_path / "log.jsonl"
    for number, value in product((numbers[0], numbers[-1]), (b"\xff\xfe", b"", b"x", "[]")):
        with edited(numbers[1], "actor", "x"), edited(number, column, value):
            said = "\n".join(findings())
            with export.open("w") as file:
                call_command("export_audit", stdout=file)
            with pytest.raises(CommandError, match=f"Entry {number} is not"):
                call_command("verify_audit", str(export), stdout=io.StringIO())
            answer = boss.get("/admin/tenants/auditentry/download/")
            downloaded = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
            intact = {count: lookup.are_intact_since(count) for count in (0, numbers[-1])}
            audit_log.append_entry(AuditEntry.Event.ADDED, "x", audit_log.SHELL, timezone.now())

            assert all(f"Entry {each} is not" in said for each in (number, numbers[1]))
            assert [line["sequence"] for line in downloaded] == numbers
            assert export.read_text().count("\n") == len(numbers)
            assert intact == {0: False, numbers[-1]: True}
            assert lookup.intact_entries([number]) == {}


@pytest.mark.parametrize("leaf", ["reason", "revision"])
def test_no_answer_is_a_500_and_no_edit_opens_anything(
    shop: MintedProject, boss: Client, call: Any, leaf: str
) -> None:
    entry = AuditEntry.objects.get(event="decided")
    loop, agent = stored_loop(), shop.keys["agent"]
    found = []
    for text in TEXTS:
        document = replaced(entry.detail, (leaf,), text)
        if strict(document) == strict(json.dumps(entry.detail)):
            continue
        with edited(entry.sequence, "detail", document):
            answers = {
                "handoff": call("GET", f"/v1/loops/{loop.pk}/handoff", agent).status_code,
                "loop": call("GET", f"/v1/loops/{loop.pk}", agent).status_code,
                "page": boss.get(page_of(loop)).status_code,
                "entry": boss.get(f"/admin/tenants/auditentry/{entry.pk}/change/").status_code,
                "log": boss.get("/admin/tenants/auditentry/").status_code,
            }
        if 500 in answers.values() or answers["handoff"] not in (409, 503):
            found.append((text[:20], answers))

    assert found == []


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", str(2**70)])
def test_a_rejection_for_good_stays_one_whatever_its_entry_says(
    charlie: MintedProject, call: Any, boss: Client, text: str
) -> None:
    def charlies_loop() -> Loop:
        return Loop.objects.get(project=charlie.project)

    send_orders(call, charlie, orders=40, failing=3)
    diagnose(call, charlie)
    loop = charlies_loop()
    seen = Reader(boss.get(page_of(loop))).inputs
    known = {name: seen[name] for name in ("revision", "packet", "content")}
    boss.post(page_of(loop), known | {"verb": "reject", "reason": "no", "for_good": "on"})
    entry = AuditEntry.objects.filter(event="decided").latest("sequence")
    now = timezone.now()
    more = [span("place order", trace=f"m{n}", id=f"m{n}", at=now, error="no stock") for n in range(400)]
    call("POST", "/v1/traces", charlie.keys["producer"], request(*more))
    drop_triggers()
    assert (Decision.objects.get(loop=loop).times, entry.detail["proposed_again_at_times"]) == (None, None)

    with edited(entry.sequence, "detail", replaced(entry.detail, ("proposed_again_at_times",), text)):
        diagnose(call, charlie, minutes=57)
        assert charlies_loop().state == "rejected"
        assert len(findings()) == 1


def test_a_line_of_an_export_that_is_no_entry_is_named(shop: MintedProject, tmp_path: Any) -> None:
    lines = [json.loads(chain.as_line(entry)) for entry in AuditEntry.objects.order_by("sequence")]
    export = tmp_path / "log.jsonl"
    for name in lines[0]:
        for value in (None, 1, "x", [], {}, True, 1.5, "0001-01-01T00:00:00+14:00"):
            export.write_text("\n".join(json.dumps(line) for line in [lines[0] | {name: value}, *lines[1:]]))
            with pytest.raises(CommandError):
                call_command("verify_audit", str(export), stdout=io.StringIO())
