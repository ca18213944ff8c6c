"""A change of what the hash of an approval covers is a new version, and does not void what was approved before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.loops import approval_standing, content_hash, reopening
from diagnosis.loops.content_hash import Parts, StoredContent
from diagnosis.models import Decision, Loop
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.factory import NOW, make_loop

Verb = Decision.Verb


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop that waits for a human."""
    return make_loop(alice.project)


@pytest.fixture
def olga(db: None) -> User:
    """Staff who may decide."""
    return User.objects.create_superuser("olga")


def with_next_action(stored: StoredContent) -> Parts:
    """A rule that covers one field more."""
    return content_hash.with_earlier_fixes(stored) | {
        "next action": content_hash.hashed(stored.issue["next_action"])
    }


def begin_version_4(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release whose new decisions are made by the rule above."""
    monkeypatch.setitem(content_hash.CONTENT_VERSIONS, 4, with_next_action)
    monkeypatch.setattr(content_hash, "CURRENT_VERSION", 4)


def change_issue(**fields: Any) -> None:
    """Edit the loop's issue where it is stored."""
    loop = Loop.objects.get()
    Loop.objects.update(issue=loop.issue | fields)


def test_an_approval_of_version_3_still_holds_under_version_4(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve_seen(loop, olga, "Yes.", NOW)
    begin_version_4(monkeypatch)
    change_issue(next_action="another")  # covered by version 4 alone

    assert approval_standing.why_outdated(Loop.objects.get()) == ""
    assert reopening.reopen_outdated(loop.project, NOW) == []


def test_an_approval_of_version_3_is_still_checked_under_version_4(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve_seen(loop, olga, "Yes.", NOW)
    begin_version_4(monkeypatch)
    change_issue(title="another")

    assert "the issue was changed" in approval_standing.why_outdated(Loop.objects.get())


def test_a_new_approval_is_made_and_checked_by_the_newest_version(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_version_4(monkeypatch)
    decision = approve_seen(loop, olga, "Yes.", NOW)
    change_issue(next_action="another")

    assert decision.content_version == 4
    assert "the next action was changed" in approval_standing.why_outdated(Loop.objects.get())


def test_a_second_person_completes_a_first_approval_of_an_older_version(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    approve_seen(Loop.objects.get(), olga, "Yes.", NOW)
    begin_version_4(monkeypatch)

    second = approve_seen(Loop.objects.get(), User.objects.create_superuser("paul"), "Yes.", NOW)

    assert (second.is_first, second.content_version, second.loop.state) == (False, 4, "approved")


def test_an_approval_of_a_version_that_this_release_does_not_know_does_not_hold(
    loop: Loop, olga: User
) -> None:
    approve_seen(loop, olga, "Yes.", NOW)
    Decision.objects.update(content_version=9)

    assert "has version 9, which only a later release" in approval_standing.why_outdated(Loop.objects.get())
