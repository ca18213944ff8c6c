"""
What commands print of strangers' texts moves no cursor, sets no title and fills no clipboard.

https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
"""

from __future__ import annotations

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given

from diagnosis.management.commands.verify_loops import Command as VerifyLoops
from loopkit.demo.client import RequestRefused
from loopkit.management.commands import demo
from tenants.audit import audit_log
from tenants.audit.chain import as_line, from_line
from tenants.models import AuditEntry
from tests.diagnosis.factory import NOW
from tests.security.exports.hostile_values import TERMINAL, hostile_texts

PRINTABLE = {"\n", *map(chr, range(32, 127))}


@pytest.mark.django_db
def test_the_exported_audit_log_is_printable_ascii_and_reads_the_same() -> None:
    for text in TERMINAL:
        audit_log.append_entry(
            AuditEntry.Event.DECIDED, text, audit_log.Actor(f"user:{text}"), NOW, **{text: text}
        )
    printed = StringIO()

    call_command("export_audit", stdout=printed)

    assert set(printed.getvalue()) <= PRINTABLE
    kept = list(AuditEntry.objects.order_by("sequence"))
    read = [from_line(line.encode()) for line in printed.getvalue().splitlines()]
    assert [(entry.actor, entry.detail) for entry in read] == [(entry.actor, entry.detail) for entry in kept]


@given(hostile_texts())
def test_a_line_of_the_audit_log_is_one_line_for_every_reader(text: str) -> None:
    entry = AuditEntry(
        sequence=1, at=NOW, event="x", actor=text, target=text, detail={text: [text]}, hash="0" * 64
    )

    line = as_line(entry).decode()

    assert len(line.splitlines()) == 1
    assert set(line) <= PRINTABLE
    assert json.loads(line)["detail"] == {text: [text]}


@pytest.mark.parametrize("text", TERMINAL)
def test_what_the_demo_and_verify_loops_print_is_visible(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = StringIO()
    reviewed: Any = SimpleNamespace(
        verifications=[SimpleNamespace(loop_id="l", verdict="held", document={"reason": f"a{text}"})],
        outdated=[SimpleNamespace(loop_id="l", again=f"b{text}")],
    )

    def refuse(*_: Any, **__: Any) -> None:
        raise RequestRefused(400, f"c{text}")

    monkeypatch.setattr(demo.serving, "check_port", refuse)
    VerifyLoops(stdout=printed).say(SimpleNamespace(project_id="p"), reviewed)  # type: ignore[arg-type]
    with pytest.raises(CommandError) as refusal:
        demo.Command(stdout=printed).handle(fresh=False)

    printed_text = printed.getvalue() + str(refusal.value)
    assert not [character for character in printed_text if character < " " and character not in "\n\r"]
    assert not set(printed_text) & {"\x7f", "\x85", "\x9b", "\x9c", "\x9d", "\u2028"}
