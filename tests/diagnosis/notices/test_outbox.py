"""Mail: to members who want it, from an outbox, with retries; nothing of telemetry in a header."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command

from diagnosis.loops import lifecycle
from diagnosis.models import Loop, LoopEvent, Mail, MailChoice, Notice
from diagnosis.notices import notice_rows, notice_text, outbox
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import home, member

HOSTILE = "tool x: see https://evil.example\r\nBcc: victim@example.com"


class Broken(BaseEmailBackend):
    """A mail server that refuses everything."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("password=hunter2 refused")


@pytest.fixture(autouse=True)
def mail_is_on(settings: Any) -> None:
    settings.LOOPKIT_EMAIL_URL = "smtp://mail.example"
    settings.LOOPKIT_PUBLIC_URL = "https://loopkit.example"


@pytest.fixture
def tenant(alice: MintedProject) -> Tenant:
    return home(alice.project, "acme").tenant


def wants(name: str, tenant: Tenant, mode: str = "each", *, is_member: bool = True) -> User:
    """Somebody with an address and a choice."""
    member(name, *([tenant] if is_member else []))
    user = User.objects.get(username=name)
    user.email = f"{name}@example.com"
    user.save()
    MailChoice.objects.create(user=user, tenant=tenant, mode=mode)
    return user


def changed(loop: Loop, kind: str = "decided", now: datetime = NOW) -> None:
    lifecycle.append_event(loop, kind, "olga", now, verb="approve")


def test_a_member_who_wants_it_gets_one_mail_with_all_that_is_due(
    alice: MintedProject, tenant: Tenant
) -> None:
    wants("mia", tenant)
    wants("otto", tenant, "off")
    for number in range(3):
        make_loop(alice.project, cluster=number)

    assert outbox.send(NOW) == (1, 0)
    assert outbox.send(NOW + timedelta(days=1)) == (0, 0)

    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["mia@example.com"], "LoopKit: 3 new")
    assert sent.body.count("https://loopkit.example/admin/diagnosis/loop/loop_") == 3
    assert Mail.objects.filter(sent_at=NOW, due_at=None).count() == 3


def test_nothing_of_telemetry_gets_into_a_header_or_becomes_a_link(
    alice: MintedProject, tenant: Tenant
) -> None:
    wants("mia", tenant)
    make_loop(alice.project, title=HOSTILE)

    outbox.send(NOW)

    raw = mail.outbox[0].message().as_string()
    head, body = raw.split("\n\n", 1)
    assert "Bcc" not in head
    assert "evil" not in head
    assert "https://evil" not in body
    assert "victim@example" not in body


def test_a_digest_waits_for_its_hour(alice: MintedProject, tenant: Tenant) -> None:
    wants("mia", tenant, "daily")
    make_loop(alice.project)  # a second before noon

    assert outbox.send(NOW + timedelta(hours=18)) == (0, 0)
    assert outbox.send(NOW + timedelta(hours=19)) == (1, 0)


def test_no_mail_goes_to_who_is_no_member_any_more(alice: MintedProject, tenant: Tenant) -> None:
    mia, otto = wants("mia", tenant), wants("otto", tenant)
    wants("stranger", tenant, is_member=False)
    make_loop(alice.project)
    assert set(Mail.objects.values_list("user", flat=True)) == {mia.pk, otto.pk}

    tenant.members.remove(mia)
    otto.user_permissions.clear()

    assert outbox.send(NOW) == (0, 0)
    assert Mail.objects.filter(due_at=None, sent_at=None).count() == 2


def test_a_project_of_another_tenant_is_not_told(
    alice: MintedProject, charlie: MintedProject, tenant: Tenant
) -> None:
    home(charlie.project, "globex")
    wants("mia", tenant)

    make_loop(charlie.project)

    assert not Mail.objects.exists()


def test_a_broken_server_fails_nothing_and_is_tried_again(
    alice: MintedProject, tenant: Tenant, settings: Any, caplog: Any
) -> None:
    wants("mia", tenant)
    settings.EMAIL_BACKEND = "tests.diagnosis.notices.test_outbox.Broken"
    loop = make_loop(alice.project)
    changed(loop)

    assert outbox.send(NOW) == (0, 1)
    assert outbox.send(NOW + timedelta(seconds=59)) == (0, 0)
    assert outbox.send(NOW + timedelta(seconds=61)) == (0, 1)

    assert "hunter2" not in caplog.text
    assert "mia@" not in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.send(NOW + timedelta(minutes=4)) == (1, 0)
    assert mail.outbox[0].subject == "LoopKit: 1 new, 1 decided"


def test_it_is_given_up_after_days(alice: MintedProject, tenant: Tenant, settings: Any) -> None:
    wants("mia", tenant)
    make_loop(alice.project)
    settings.EMAIL_BACKEND = "tests.diagnosis.notices.test_outbox.Broken"
    now = NOW

    while due := Mail.objects.get().due_at:
        now = due
        outbox.send(now)

    assert Mail.objects.get().attempts == outbox.MOST_ATTEMPTS
    assert timedelta(days=2) < now - NOW < timedelta(days=4)


def test_who_dies_while_sending_is_followed_by_another(alice: MintedProject, tenant: Tenant) -> None:
    wants("mia", tenant)
    make_loop(alice.project)
    Mail.objects.update(claim="somebody", due_at=NOW + outbox.CLAIM)

    assert outbox.send(NOW) == (0, 0)
    assert outbox.send(NOW + outbox.CLAIM) == (1, 0)


def test_without_a_mail_server_nothing_waits(alice: MintedProject, tenant: Tenant, settings: Any) -> None:
    settings.LOOPKIT_EMAIL_URL = ""
    wants("mia", tenant)

    make_loop(alice.project)

    assert (Notice.objects.count(), Mail.objects.count()) == (1, 0)


def test_what_waits_when_mail_is_turned_off_waits_on(
    alice: MintedProject, tenant: Tenant, settings: Any
) -> None:
    wants("mia", tenant)
    make_loop(alice.project)

    settings.LOOPKIT_EMAIL_URL = ""
    assert outbox.send(NOW) == (0, 0)
    settings.LOOPKIT_EMAIL_URL = "smtp://mail.example"

    assert outbox.send(NOW) == (1, 0)


def test_a_long_mail_is_cut_and_says_so(alice: MintedProject, tenant: Tenant, monkeypatch: Any) -> None:
    monkeypatch.setattr(notice_text, "MOST_LINES", 2)
    wants("mia", tenant)
    loop = make_loop(alice.project)
    for _ in range(3):
        changed(loop)

    outbox.send(NOW)

    assert "And 2 more: see the inbox." in mail.outbox[0].body


def test_the_command_sends_what_is_due(alice: MintedProject, tenant: Tenant, capsys: Any) -> None:
    wants("mia", tenant)
    make_loop(alice.project)

    call_command("send_notices")

    assert capsys.readouterr().out == "1 mail sent; failed, to be tried again: 0.\n"


def test_the_command_says_that_no_mail_can_be_sent_without_a_server(
    alice: MintedProject, tenant: Tenant, capsys: Any, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    wants("mia", tenant)
    make_loop(alice.project)
    settings.LOOPKIT_EMAIL_URL = ""

    call_command("send_notices")

    told = capsys.readouterr().out
    assert told.startswith("No mail can be sent: LOOPKIT_EMAIL_URL is not set. Set it to the mail server")
    assert told.endswith("Due mails that wait: 1.\n")


def test_sending_stops_when_it_is_asked_to(alice: MintedProject, tenant: Tenant) -> None:
    wants("mia", tenant)
    make_loop(alice.project)

    assert outbox.send(NOW, lambda: False) == (0, 0)
    assert not mail.outbox


def test_every_kind_of_notice_has_its_sentence(alice: MintedProject, tenant: Tenant) -> None:
    loop = make_loop(alice.project, state="shipped")
    of = LoopEvent.Kind
    for kind in (of.DECIDED, of.OUTDATED, of.VERIFIED, of.REGRESSED):
        lifecycle.append_event(loop, kind, "loopkit", NOW, verb="approve", verdict="held")
    loop.failures = 40
    notice_rows.tell_rising([loop], NOW)

    assert {one.kind for one in Notice.objects.all()} == set(Notice.Kind)
