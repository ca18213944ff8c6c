"""The inbox, the choice of mail and feed keys in the admin: each person's own, within their tenants."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import FeedKey, Loop, MailChoice, Notice, NoticeRead
from diagnosis.notices import feed_keys
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Tenant
from tests.diagnosis.console_requests import text
from tests.diagnosis.dashboard_client import ESCAPED, HOSTILE
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import Reader, home, member, operator

INBOX = "/admin/diagnosis/notice/"
MAIL = f"{INBOX}mail/"
KEYS = "/admin/diagnosis/feedkey/"


@pytest.fixture
def tenant(alice: MintedProject) -> Tenant:
    return home(alice.project, "acme").tenant


@pytest.fixture
def mia(tenant: Tenant) -> Client:
    """A member of acme."""
    return member("mia", tenant)


def unread(client: Client) -> int:
    """The number on the front page."""
    found = re.search(r"<strong>(\d+)</strong> unread", text(client.get("/admin/")))
    return int(found[1]) if found else 0


def test_a_person_reads_and_others_have_it_unread(alice: MintedProject, mia: Client, tenant: Tenant) -> None:
    loop = make_loop(alice.project)
    make_loop(alice.project, cluster=2)
    otto = member("otto", tenant)
    first = Notice.objects.get(loop=loop)

    mia.post(INBOX, {"action": "mark_read", "_selected_action": [first.pk]})

    assert (unread(mia), unread(otto)) == (1, 2)
    assert loop.loop_id not in text(mia.get(INBOX))
    assert loop.loop_id in text(mia.get(f"{INBOX}?read=all"))


def test_all_is_read_at_once(alice: MintedProject, mia: Client) -> None:
    for number in range(3):
        make_loop(alice.project, cluster=number)
    assert "Mark all 3 as read" in text(mia.get(INBOX))

    mia.post(f"{INBOX}read/")

    assert (unread(mia), NoticeRead.objects.count()) == (0, 3)
    assert mia.get(f"{INBOX}read/").status_code == 405


def test_looking_marks_nothing(alice: MintedProject, mia: Client) -> None:
    make_loop(alice.project)

    mia.get(INBOX)

    assert unread(mia) == 1


def test_nobody_sees_or_marks_what_is_of_another_tenant(
    alice: MintedProject, charlie: MintedProject, mia: Client
) -> None:
    home(charlie.project, "globex")
    theirs = make_loop(charlie.project, title="charlies words")
    notice = Notice.objects.get()

    mia.post(INBOX, {"action": "mark_read", "_selected_action": [notice.pk]})
    mia.post(f"{INBOX}read/")
    pages = [text(mia.get(path)) for path in (INBOX, f"{INBOX}?read=all", "/admin/")]

    assert not NoticeRead.objects.exists()
    assert not any(words in page for page in pages for words in ("charlies words", theirs.loop_id))
    assert mia.get(f"{INBOX}{notice.pk}/change/").status_code == 302  # to the front page: no such notice
    assert unread(operator()) == 1


def test_who_may_not_see_loops_has_no_inbox(alice: MintedProject, tenant: Tenant) -> None:
    make_loop(alice.project)
    clerk = member("clerk", tenant, permissions=["view_project", "view_notice"])

    answers = [clerk.get(INBOX), clerk.get(MAIL), clerk.post(f"{INBOX}read/")]

    assert {answer.status_code for answer in answers} == {403}
    assert unread(clerk) == 0


def test_nobody_writes_or_deletes_a_notice(alice: MintedProject) -> None:
    make_loop(alice.project)
    notice = Notice.objects.get()
    boss = operator()

    boss.post(f"{INBOX}{notice.pk}/delete/", {"post": "yes"})
    boss.post(f"{INBOX}{notice.pk}/change/", {"title": "x"})

    assert Notice.objects.get().title == notice.title
    assert boss.get(f"{INBOX}add/").status_code == 403


def test_hostile_titles_are_text_on_pages_that_keep_the_policy(alice: MintedProject, mia: Client) -> None:
    make_loop(alice.project, title=HOSTILE)

    pages = [mia.get(path) for path in (INBOX, MAIL, KEYS, f"{KEYS}add/", "/admin/")]

    assert ESCAPED in text(pages[0])
    assert HOSTILE not in text(pages[0])
    assert [Reader(page).forbidden for page in pages] == [[]] * 5


def test_a_person_chooses_mail_for_own_tenants_alone(mia: Client, charlie: MintedProject) -> None:
    other = home(charlie.project, "globex").tenant

    mia.post(MAIL, {"acme": "daily", other.tenant_id: "each"})
    mia.post(MAIL, {"acme": "daily"})

    choice = MailChoice.objects.get()
    assert (choice.user.username, choice.tenant_id, choice.mode) == ("mia", "acme", "daily")
    entry = AuditEntry.objects.get(event="changed")
    assert (entry.target, entry.tenant_id) == ("mail:mia", "acme")
    assert entry.detail == {"mode": {"before": "off", "after": "daily"}}


def test_who_works_for_no_tenant_reads_who_can_change_that(db: None) -> None:
    assert "An operator chooses members on the tenant's page." in text(operator().get(MAIL))


def test_a_choice_that_does_not_exist_is_refused(mia: Client) -> None:
    assert "Select a valid choice" in text(mia.post(MAIL, {"acme": "hourly"}))
    assert not MailChoice.objects.exists()


def test_a_feed_key_is_shown_once_and_kept_as_a_digest(mia: Client, tenant: Tenant) -> None:
    page = mia.post(f"{KEYS}add/", {"tenant": "acme", "label": "chat"})

    [raw] = re.findall(r'value="(lk_feed_\w{49})"', text(page))
    key = FeedKey.objects.get()
    assert "no-store" in page["Cache-Control"]
    assert feed_keys.find_feed_key(raw, NOW) == key
    assert raw not in text(mia.get(KEYS)) + text(mia.get(f"{KEYS}{key.pk}/change/"))
    entry = AuditEntry.objects.get(event="key_minted")
    assert (entry.target, entry.tenant_id) == (f"feedkey:{key.pk}", "acme")
    assert raw not in str(entry.detail)


def test_a_feed_key_is_revoked(mia: Client, tenant: Tenant) -> None:
    raw, key = feed_keys.mint_feed_key(tenant, "chat", NOW)

    mia.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})

    assert feed_keys.find_feed_key(raw, NOW) is None
    assert AuditEntry.objects.filter(event="key_revoked", target=f"feedkey:{key.pk}").count() == 1


def test_feed_keys_of_another_tenant_are_neither_seen_minted_nor_revoked(
    mia: Client, charlie: MintedProject, alice: MintedProject
) -> None:
    other = home(charlie.project, "globex").tenant
    raw, key = feed_keys.mint_feed_key(other, "theirs", NOW)

    listed = text(mia.get(KEYS))
    minted: Any = mia.post(f"{KEYS}add/", {"tenant": "globex", "label": "x"})
    mia.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})

    assert "theirs" not in listed
    assert "Select a valid choice" in text(minted)
    assert feed_keys.find_feed_key(raw, NOW) == key
    assert mia.get(f"{KEYS}?digest__startswith=a").status_code == 400


def test_minting_and_revoking_need_their_permissions(tenant: Tenant) -> None:
    reader = member("reader", tenant, permissions=["view_feedkey"])
    _, key = feed_keys.mint_feed_key(tenant, "chat", NOW)

    refused = reader.post(f"{KEYS}add/", {"tenant": "acme", "label": "x"})
    reader.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})

    assert refused.status_code == 403
    assert FeedKey.objects.get().revoked_at is None


def test_what_a_person_deleted_from_users_leaves_no_marks(alice: MintedProject, mia: Client) -> None:
    make_loop(alice.project)
    mia.post(f"{INBOX}read/")

    User.objects.get(username="mia").delete()

    assert (NoticeRead.objects.count(), Loop.objects.count()) == (0, 1)
