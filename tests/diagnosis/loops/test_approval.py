"""The human boundary: who may decide, what is recorded, and that of two approvers one wins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied, ValidationError

from diagnosis.loops import approval, content_hash, decision_basis
from diagnosis.models import Decision, Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.factory import make_loop

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Verb = Decision.Verb


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop that waits."""
    return make_loop(alice.project)


@pytest.fixture
def olga(db: None) -> User:
    """Staff who may decide."""
    user = User.objects.create_user("olga", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="decide_loop"))
    return user


@pytest.mark.parametrize(
    ("verb", "state"), [(Verb.APPROVE, "approved"), (Verb.REJECT, "rejected"), (Verb.RETURN, "returned")]
)
def test_a_decision_moves_the_loop_and_is_kept(loop: Loop, olga: User, verb: Verb, state: str) -> None:
    seen = decision_basis.basis(loop).hash
    approval.record_decision(loop, approval.DecisionChoice(verb, " Because. ", seen_hash=seen), olga, NOW)

    loop.refresh_from_db()
    decision = Decision.objects.get()
    assert loop.state == state
    assert (decision.decided_by, decision.decided_at, decision.reason) == (olga, NOW, "Because.")
    assert (decision.packet_id, decision.revision) == (loop.packet_id, 1)
    assert loop.events.get(kind="decided").actor == "olga"


def test_of_two_approvers_the_second_is_told(loop: Loop, olga: User) -> None:
    seen_by_both = Loop.objects.get(pk=loop.pk)
    approve_seen(loop, olga, "Yes.", NOW)

    with pytest.raises(approval.AlreadyDecided):
        approval.record_decision(seen_by_both, approval.DecisionChoice(Verb.REJECT, "No."), olga, NOW)

    assert Decision.objects.get().verb == Verb.APPROVE


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_decision_needs_a_reason(loop: Loop, olga: User, reason: str) -> None:
    with pytest.raises(ValidationError):
        approve_seen(loop, olga, reason, NOW)

    assert Decision.objects.count() == 0


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_only_active_staff_decide(loop: Loop, olga: User, change: dict[str, Any]) -> None:
    User.objects.filter(pk=olga.pk).update(**change)

    with pytest.raises(PermissionDenied):
        approve_seen(loop, User.objects.get(pk=olga.pk), "Yes.", NOW)


def test_staff_without_the_permission_cannot_decide(loop: Loop) -> None:
    viewer = User.objects.create_user("vera", is_staff=True)

    with pytest.raises(PermissionDenied):
        approve_seen(loop, viewer, "Yes.", NOW)


@pytest.mark.parametrize("state", ["approved", "rejected", "shipped", "held", "inconclusive"])
def test_what_does_not_wait_cannot_be_decided(loop: Loop, olga: User, state: str) -> None:
    Loop.objects.update(state=state)

    with pytest.raises(approval.AlreadyDecided):
        approve_seen(Loop.objects.get(), olga, "Yes.", NOW)


def test_a_person_who_decided_cannot_be_deleted(loop: Loop, olga: User) -> None:
    approve_seen(loop, olga, "Yes.", NOW)

    with pytest.raises(Exception, match="protected"):
        olga.delete()


def test_a_decision_is_about_what_the_person_saw(loop: Loop, olga: User) -> None:
    seen = Loop.objects.get(pk=loop.pk)
    newer = make_loop(loop.project, cluster=2).packet  # a diagnosis meanwhile: the waiting loop follows it
    Loop.objects.filter(pk=loop.pk).update(packet=newer, issue=loop.issue | {"title": "another failure"})

    approve_seen(seen, olga, "Yes.", NOW)

    decided = Loop.objects.get(pk=loop.pk)
    assert (decided.issue["title"], decided.packet_id) == (loop.issue["title"], loop.packet_id)
    assert Decision.objects.get().packet_id == loop.packet_id


def test_content_that_cannot_be_read_is_not_called_changed(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decision_basis.basis(loop).hash
    monkeypatch.setattr(content_hash, "stored_content", fails_to_read)
    choice = approval.DecisionChoice(Verb.APPROVE, "Because.", seen_hash=seen)

    with pytest.raises(approval.EvidenceUnavailable):
        approval.record_decision(loop, choice, olga, NOW)

    assert not Decision.objects.exists()


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.RETURN])
def test_other_verbs_than_approve_need_no_content_and_then_cover_none(
    loop: Loop, olga: User, monkeypatch: pytest.MonkeyPatch, verb: Verb
) -> None:
    seen = decision_basis.basis(loop).hash
    monkeypatch.setattr(content_hash, "stored_content", fails_to_read)

    approval.record_decision(loop, approval.DecisionChoice(verb, "Because.", seen_hash=seen), olga, NOW)

    decision = Decision.objects.get()
    assert (decision.verb, decision.content_hash, decision.content) == (verb, "", {})


def fails_to_read(*args: Any) -> None:
    raise OSError
