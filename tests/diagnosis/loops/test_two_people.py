"""Two people approve the same content, where a tenant wants it; whatever changes the loop takes the first back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from diagnosis import diagnose
from diagnosis.loops import approval, two_people
from diagnosis.models import Decision, EvalCandidate, Loop, LoopEvent, Severity
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Tenant
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.factory import NOW, make_loop

Verb = Decision.Verb


def approver(name: str) -> User:
    """Staff who may decide."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="decide_loop"))
    return user


@pytest.fixture
def olga(db: None) -> User:
    """The first."""
    return approver("olga")


@pytest.fixture
def paul(db: None) -> User:
    """The second."""
    return approver("paul")


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop of a tenant that wants two people."""
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    made = make_loop(alice.project)
    return Loop.objects.get(pk=made.pk)


def again(loop: Loop) -> Loop:
    """As somebody sees it who opens it now."""
    return Loop.objects.get(pk=loop.pk)


def test_the_numbers_of_the_rule_are_those_of_severities() -> None:
    names = [choice.name for choice in Tenant.TwoPeople][2:]

    assert [Tenant.TwoPeople[name].value for name in names] == [Severity[name].value for name in names]
    assert min(Severity) == Tenant.TwoPeople.ALWAYS


@pytest.mark.parametrize(
    ("rule", "severity", "needed"),
    [
        (Tenant.TwoPeople.NEVER, Severity.CRITICAL, 1),
        (Tenant.TwoPeople.ALWAYS, Severity.LOW, 2),
        (Tenant.TwoPeople.HIGH, Severity.MEDIUM, 1),
        (Tenant.TwoPeople.HIGH, Severity.HIGH, 2),
        (Tenant.TwoPeople.CRITICAL, Severity.CRITICAL, 2),
    ],
)
def test_the_rule_counts_from_its_severity_upwards(
    alice: MintedProject, rule: int, severity: Severity, needed: int
) -> None:
    loop = make_loop(alice.project, severity=severity)
    loop.project.tenant.two_people = rule

    assert two_people.approvals_needed(loop) == needed


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("rule", list(Tenant.TwoPeople))
def test_a_number_that_is_known_before_the_page_is_that_of_the_page_however_severe_it_measures(
    alice: MintedProject, rule: int, severity: Severity
) -> None:
    loop = make_loop(alice.project, severity=severity)
    loop.project.tenant.two_people = rule
    known = two_people.approvals_as_far_as_known(loop)

    asked = set()
    for measured in range(severity, Severity.CRITICAL + 1):
        loop.severity = measured
        asked.add(two_people.approvals_needed(loop))

    assert asked == ({1, 2} if known is None else {known})


def test_the_first_approval_is_kept_and_moves_nothing(loop: Loop, olga: User) -> None:
    decision = approve_seen(loop, olga, "Fix it.", NOW)

    seen = again(loop)
    assert (decision.is_first, seen.state, two_people.pending(seen)) == (True, "proposed", decision)
    assert seen.events.last().detail["approvals"] == "1 of 2"
    assert AuditEntry.objects.latest("sequence").detail["is_first_of_two"] is True


def test_a_second_person_completes_it(loop: Loop, olga: User, paul: User) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)

    approve_seen(again(loop), paul, "Yes, fix it.", NOW)

    seen = again(loop)
    assert (seen.state, [one.decided_by for one in two_people.counting_approvals(seen)]) == (
        "approved",
        [olga, paul],
    )


def test_the_same_person_cannot_be_the_second(loop: Loop, olga: User) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)

    with pytest.raises(two_people.SamePerson):
        approve_seen(again(loop), olga, "Really.", NOW)

    assert again(loop).state == "proposed"


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.RETURN])
def test_a_rejection_or_return_takes_the_first_approval_back(
    loop: Loop, olga: User, paul: User, verb: Verb
) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)

    approval.record_decision(again(loop), approval.DecisionChoice(verb, "Wait."), olga, NOW)
    Loop.objects.update(state=Loop.State.PROPOSED)  # answered, or grown
    decision = approve_seen(again(loop), paul, "Yes.", NOW)

    assert decision.is_first


def test_a_second_approval_of_another_content_is_a_first_one(loop: Loop, olga: User, paul: User) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)
    EvalCandidate.objects.update(document={"expectation": "Anything goes."})

    decision = approve_seen(again(loop), paul, "Yes.", NOW)

    assert (decision.is_first, again(loop).state) == (True, "proposed")
    assert two_people.pending(again(loop)) == decision


def test_a_diagnosis_takes_the_first_approval_back_once_its_content_changed(loop: Loop, olga: User) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)
    EvalCandidate.objects.all().delete()

    diagnose.diagnose(loop.project, Window.ending(NOW, 60), NOW)

    seen = again(loop)
    assert two_people.pending(seen) is None
    assert seen.again == "The first approval by olga no longer holds: the eval is not stored any more."
    assert seen.events.last().kind == LoopEvent.Kind.OUTDATED


def test_of_two_first_approvals_at_the_same_moment_one_is_told(loop: Loop, olga: User, paul: User) -> None:
    seen_by_both = [again(loop), again(loop)]

    approve_seen(seen_by_both[0], olga, "Fix it.", NOW)
    with pytest.raises(approval.AlreadyDecided):
        approve_seen(seen_by_both[1], paul, "Fix it.", NOW)

    assert Decision.objects.count() == 1


def test_once_the_rule_is_lifted_one_person_is_enough(loop: Loop, olga: User) -> None:
    approve_seen(loop, olga, "Fix it.", NOW)
    Tenant.objects.update(two_people=Tenant.TwoPeople.NEVER)

    approve_seen(again(loop), olga, "Really.", NOW)

    assert again(loop).state == "approved"
