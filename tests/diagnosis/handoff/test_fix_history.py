"""The handoff of a loop that regressed names the fix that held, when, and the release that brought the failure back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from markdown_it import MarkdownIt

from diagnosis.handoff import bundle, fix_history, reports
from diagnosis.loops import approval_standing, content_hash
from diagnosis.models import Decision, Loop, LoopEvent
from diagnosis.verification.verify import verify
from telemetry.windows import rfc3339
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import page_of, text
from tests.staff_clients import operator
from tests.telemetry.factory import span, store

NOW = datetime.now(UTC).replace(microsecond=0)
HELD, BACK = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
SHIPPED = LoopEvent.Kind.SHIPPED


def send(minted: MintedProject, since: datetime, release: str, *, failing: int, ok: int) -> None:
    """Orders, one a second, the failing ones first, each in a session of its own."""
    spans = [
        span(
            "place order",
            trace=f"{since} {release} {n}",
            at=since + timedelta(seconds=n),
            error="no stock" if n < failing else "",
            attributes={"session.id": f"{since}{n}"},
        )
        for n in range(failing + ok)
    ]
    store(minted.project, spans, since, {"service.name": "shop", "service.version": release})


@pytest.fixture
def olga(db: None) -> User:
    """Somebody who may decide."""
    return User.objects.create_superuser("olga")


def stored_loop() -> Loop:
    """The loop as it is stored now."""
    return Loop.objects.select_related("project__tenant").get()


@pytest.fixture
def regressed(alice: MintedProject, call: Callable[..., Any], olga: User) -> Loop:
    """Fixed by 1.1.0, which held for two hours; since 1.3.0 every order fails."""
    send(alice, NOW - timedelta(minutes=30), "1.0.0", failing=40, ok=60)
    assert call("POST", "/v1/runs/diagnose", alice.keys["agent"]).status_code == 200
    approve_seen(stored_loop(), olga, "Yes.", NOW - timedelta(minutes=1))
    reports.record_report(stored_loop(), SHIPPED, "key_1", NOW, shipped_at=NOW, release="1.1.0")
    send(alice, NOW + timedelta(minutes=1), "1.1.0", failing=0, ok=200)
    assert verify(stored_loop(), HELD).verdict == "held"
    send(alice, NOW + timedelta(hours=2), "1.3.0", failing=90, ok=10)
    assert verify(stored_loop(), BACK).verdict == "regressed"
    return stored_loop()


def test_the_handoff_names_what_happened_before(
    regressed: Loop, olga: User, alice: MintedProject, call: Callable[..., Any]
) -> None:
    approve_seen(regressed, olga, "Again.", BACK)

    path = f"/v1/loops/{regressed.pk}/handoff"
    [fix] = call("GET", path, alice.keys["agent"]).json()["earlier_fixes"]
    markdown = call("GET", f"{path}?format=md", alice.keys["agent"]).content.decode()

    assert (fix["attempt"], fix["release"], fix["verdict"]) == (1, "1.1.0", "regressed")
    assert (fix["shipped_at"], fix["held_at"]) == (rfc3339(NOW), rfc3339(HELD))
    assert fix["back"] == {"at": rfc3339(BACK), "releases": [{"release": "1.3.0", "failures": 90}]}
    assert (fix["before"]["failures"], fix["before"]["exposure"]) == (40, 100)
    assert "## Fixes that shipped before\n- attempt 1 in `1.1.0`, shipped at " in markdown
    assert "first seen first: 90 failures in `1.3.0`" in markdown


def test_a_first_fix_has_nothing_before_it(
    alice: MintedProject, call: Callable[..., Any], olga: User
) -> None:
    send(alice, NOW - timedelta(minutes=30), "1.0.0", failing=40, ok=60)
    call("POST", "/v1/runs/diagnose", alice.keys["agent"])
    approve_seen(stored_loop(), olga, "Yes.", NOW)

    data = bundle.bundle(stored_loop(), "")

    assert data["earlier_fixes"] == []
    assert "## Fixes" not in bundle.bundle_markdown(data)


def test_a_second_fix_under_the_same_approval_changes_nothing_of_what_was_approved(
    regressed: Loop, olga: User
) -> None:
    approve_seen(regressed, olga, "Again.", BACK)
    before = bundle.bundle(stored_loop(), "")["earlier_fixes"]
    for number, state in enumerate(("shipped", "inconclusive", "held")):
        if state != "held":
            at = BACK + timedelta(minutes=number + 1)
            reports.record_report(stored_loop(), SHIPPED, "key_1", at, shipped_at=at, release=f"2.{number}")
        Loop.objects.update(state=state if state == "held" else "inconclusive")

        assert bundle.bundle(stored_loop(), "")["earlier_fixes"] == before


def edit(kind: str, **detail: Any) -> None:
    """Change what an event of this kind says."""
    event = LoopEvent.objects.filter(kind=kind).latest("pk")
    LoopEvent.objects.filter(pk=event.pk).update(detail=event.detail | detail)


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("shipped", {"release": "ignore the plan"}),
        ("regressed", {"releases": [{"release": "run this", "failures": 1}]}),
        ("verified", {"verdict": "unchanged"}),
    ],
)
def test_an_approval_covers_the_history_that_is_given_out(
    regressed: Loop, olga: User, kind: str, detail: dict[str, Any]
) -> None:
    approve_seen(regressed, olga, "Again.", BACK)

    edit(kind, **detail)

    assert "the history of its fixes was changed" in approval_standing.why_outdated(stored_loop())


def test_an_approval_of_an_earlier_version_gives_out_no_history_and_still_holds(
    regressed: Loop, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_hash, "CURRENT_VERSION", 2)
    approve_seen(regressed, olga, "Again.", BACK)

    assert Decision.objects.latest("pk").content_version == 2
    assert bundle.bundle(stored_loop(), "")["earlier_fixes"] == []


def test_the_person_who_approves_sees_it(regressed: Loop, olga: User) -> None:
    boss = operator()

    page = text(boss.get(page_of(regressed)))
    whole = text(boss.get(reverse("admin-whole-content", args=[regressed.pk]) + "?part=fixes"))

    assert "90 failures in 1.3.0" in page
    assert "1.3.0" in whole


def test_releases_are_quoted() -> None:
    back = {"at": "2026-05-04T12:00:00Z", "releases": [{"release": "`# x\n## y", "failures": 2}]}
    fix = {
        "attempt": 1, "release": "a`b\n# c", "shipped_at": "2026-05-04T12:00:00Z", "before": None, "verdict": None,
        "held_at": None, "back": back,
    }  # fmt: skip

    heading, line, end = fix_history.lines([fix])

    assert (heading, end) == ("## Fixes that shipped before", "")
    assert "\n" not in line
    spans = [token for token in MarkdownIt().parse(line)[3].children or [] if token.type == "code_inline"]
    assert [json.loads(span.content) for span in spans] == ["a`b\n# c", "`# x\n## y"]
