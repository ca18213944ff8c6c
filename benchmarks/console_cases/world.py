"""10,000 loops in 200 projects of 20 tenants, with packets, issues of a real size, histories, and who looks at them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import transaction  # noqa: TID251 - the loops lie in the control database
from django.http import HttpResponse
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import Model

    from diagnosis.models import Loop
    from tenants.models import Project

TENANTS, PROJECTS, LOOPS = 20, 200, 50  # the last: a project
NOW = datetime.now(UTC)
STATES = {
    "proposed": 60,
    "regressed": 5,
    "returned": 5,
    "approved": 5,
    "shipped": 5,
    "held": 10,
    "rejected": 10,
}
PAST = {  # of a loop in that state, after its proposal
    "proposed": [],
    "regressed": ["approve", "shipped", "held", "regressed"],
    "returned": ["return"],
    "approved": ["approve"],
    "shipped": ["approve", "shipped"],
    "held": ["return", "answered", "approve", "shipped", "held", "held"],
    "rejected": ["reject"],
}
WORDS = "a stack frame, a captured input, a sentence of a plan and other words that an issue is made of; "


@cache
def build() -> None:
    """The world, once a run: always the same one."""
    from django.contrib.auth.models import User

    from diagnosis.models import Decision, Loop, LoopEvent, Verification

    chance, decider = random.Random(10_000), User.objects.create_user("decider")
    with transaction.atomic():
        for number in range(PROJECTS):
            made = loops(project(number), chance)
            Loop.objects.bulk_create(made)
            past = [row for loop in made for row in history(loop, decider, chance)]
            for model in (LoopEvent, Decision, Verification):
                model.objects.bulk_create(row for row in past if isinstance(row, model))


def project(number: int) -> Project:
    """A project of one of the tenants."""
    from tenants.models import Project, Tenant

    name = f"tenant-{number % TENANTS:02}"
    tenant, _ = Tenant.objects.get_or_create(tenant_id=name, defaults={"name": name})
    return Project.objects.create(
        project_id=f"project-{number:03}-00000000", tenant=tenant, name=f"project {number}", created_at=NOW
    )


def loops(project: Project, chance: random.Random) -> list[Loop]:
    """The loops of a project, not yet stored, of one packet that holds all their issues."""
    from diagnosis.detection.rules import ALL_SIGNAL_TYPES
    from diagnosis.loops import urgency
    from diagnosis.models import Loop, Packet, Severity

    states = chance.choices(list(STATES), list(STATES.values()), k=LOOPS)
    issues = [issue(number, chance) for number in range(LOOPS)]
    packet = Packet.objects.create(
        project=project, status="ready_for_issue_diagnosis", document={"issues": issues}, created_at=NOW
    )
    severities = [chance.choice(list(Severity)) for _ in issues]
    return [
        Loop(
            project=project, cluster_id=one["cluster_id"], state=state, title=one["title"], severity=severity,
            signal_type=chance.choice(ALL_SIGNAL_TYPES), service="support-agent", operation=one["operation"],
            failures=one["count"], issue=one, packet=packet,
            created_at=(proposed_at := NOW - timedelta(hours=chance.uniform(1, 2000))),
            updated_at=min(NOW, proposed_at + timedelta(days=2)),
            first_seen_at=proposed_at - timedelta(hours=chance.expovariate(1 / 5)),
            waiting_since=proposed_at if state in ("proposed", "regressed") else None,
            **urgency.columns(one, severity),
        )
        for one, state, severity in zip(issues, states, severities, strict=True)
    ]  # fmt: skip


def issue(number: int, chance: random.Random) -> dict[str, Any]:
    """An issue with a plan and hints: about 6 KB, as real ones are."""
    from tests.diagnosis.factory import make_issue

    records = chance.randrange(1, 5000)
    return make_issue(
        cluster_id=f"clu_{number:016x}",
        title=f"tool lookup_{number}: OrderNotFound: order A-{records} does not exist",
        count=records,
        trend=chance.choice(["new", "rising", "steady", "falling"]),
        impact={"records": records, "traces": records, "sessions": records // 3, "users": records // 7,
                "operation_records": 9000, "share": 0.2, "tokens": records * 900},
        hints=[{"attribute": WORDS, "value": WORDS, "support": 9, "lift": 3.1}] * 20,
    )  # fmt: skip


def history(loop: Loop, decider: User, chance: random.Random) -> Iterator[Model]:
    """What became of a loop, a few hours between each."""
    from diagnosis.models import Decision, LoopEvent, Verification

    at = loop.created_at
    for revision, step in enumerate(["proposed", *PAST[loop.state]]):
        at += timedelta(hours=chance.expovariate(1 / 10)) * bool(revision)
        if step in Decision.Verb.values:
            yield Decision(loop=loop, verb=step, reason=WORDS, decided_by=decider, decided_at=at, packet=loop.packet,
                           revision=revision)  # fmt: skip
        elif step == "held":
            yield Verification(loop=loop, verdict=step, document={"reason": WORDS}, created_at=at)
        else:
            yield LoopEvent(loop=loop, kind=step, actor="x", detail={"note": WORDS}, created_at=at)


@cache
def person(member_of: int) -> Client:
    """Who looks: a superuser, or who works for so many tenants."""
    from django.contrib.auth.models import Permission, User

    from tenants.models import Tenant

    user = User.objects.create_user(f"member of {member_of}", is_staff=True, is_superuser=not member_of)
    user.user_permissions.set(Permission.objects.exclude(codename="operate"))  # who has it sees all
    user.tenants.set(Tenant.objects.order_by("pk")[:member_of])
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    return browser


def shown(answer: Any) -> HttpResponse:
    """The page, which must be one."""
    assert answer.status_code == 200, answer.status_code
    return answer  # type: ignore[no-any-return]
