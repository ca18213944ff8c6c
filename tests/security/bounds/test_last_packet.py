"""A diagnosis asked for again is answered with the last packet exactly as long as a new one would say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections

from diagnosis.diagnose import diagnose
from diagnosis.loops import lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import Loop, Packet
from diagnosis.packets import publishing
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def failing(number: int, age: float = 30, message: str = "no stock") -> dict[str, Any]:
    """A failure of that many minutes ago."""
    return span("pay", trace=f"t{number}", id=f"s{number}", at=NOW - minutes(age), error=message)


def ask(project: Project, seconds_later: float = 0, since_minutes: int = 60, base: datetime = NOW) -> Packet:
    """A diagnosis of the window that ends so much later."""
    now = base + minutes(seconds_later / 60)
    return diagnose(project, Window.ending(now, since_minutes), now)


def counted_anew(project: Project, seconds_later: float = 0, since_minutes: int = 60) -> dict[str, Any]:
    """What a diagnosis that knows of no earlier packet says of that window."""
    Packet.objects.update(basis="")
    return said(ask(project, seconds_later, since_minutes))


def said(packet: Packet) -> dict[str, Any]:
    """What a packet says, without its id, its time and the bounds of its window."""
    document = publishing.packet_as_answered(packet)
    issues = [
        {name: value for name, value in issue.items() if name != "evidence_url"}
        | {"quiet_since": (issue["quiet_since"] or {}) | {"until": "", "reason": ""}}  # the end of the window
        for issue in document["issues"]
    ]
    left_out = ("packet_id", "created_at", "window", "issues")
    return {name: value for name, value in document.items() if name not in left_out} | {"issues": issues}


@pytest.fixture
def project(alice: MintedProject) -> Project:
    """It has three failures of one kind in the last hour."""
    store(alice.project, [failing(number) for number in range(3)], NOW)
    return alice.project


@pytest.mark.parametrize("seconds_later", [0, 1, 300])
def test_a_window_asked_again_is_answered_from_the_last_packet(
    project: Project, seconds_later: float
) -> None:
    first = ask(project)

    again = ask(project, seconds_later)

    assert again.packet_id == first.packet_id
    assert said(again) == counted_anew(project, seconds_later)


def test_a_hundred_diagnoses_store_one_packet(alice: MintedProject, call: Callable[..., Any]) -> None:
    store(alice.project, [failing(1)], NOW)
    answers = [call("POST", "/v1/runs/diagnose", alice.keys["agent"], {}) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert Packet.objects.count() == 1


def a_new_failure(project: Project) -> None:
    store(project, [failing(9)], NOW)


def an_old_failure(project: Project) -> None:
    store(project, [failing(9, age=90)], NOW)


def a_span_before_both_windows(project: Project) -> None:
    store(project, [failing(9, age=900)], NOW)


def a_duplicate(project: Project) -> None:
    store(project, [failing(1)], NOW)


def a_healthy_span(project: Project) -> None:
    store(project, [span("pay", trace="ok", at=NOW - minutes(5))], NOW)


def a_record_deleted_by_hand(project: Project) -> None:
    with bind(project), connections[bound_alias()].cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_attribution WHERE rowid = 1")


def another_fingerprint_version(project: Project) -> None:
    project.fingerprint_version = 1
    project.save()


@pytest.mark.parametrize(
    "change",
    [
        a_new_failure,
        an_old_failure,
        a_span_before_both_windows,
        a_duplicate,
        a_healthy_span,
        a_record_deleted_by_hand,
        another_fingerprint_version,
    ],
)
def test_whatever_is_written_is_seen_by_the_next_diagnosis(
    project: Project, change: Callable[[Project], None]
) -> None:
    first = ask(project)
    change(project)

    again = ask(project)

    assert again.packet_id != first.packet_id
    assert said(again) == counted_anew(project)


def test_a_decision_is_seen_by_the_next_diagnosis(project: Project) -> None:
    first = ask(project)
    loop = Loop.objects.get(project=project)
    lifecycle.apply_trigger(loop, Trigger.REJECT, NOW)

    again = ask(project)

    assert again.packet_id != first.packet_id
    assert again.document["status"] == "observe_more"


@pytest.mark.parametrize(
    ("age", "moved"),
    [
        pytest.param(59.9, 30, id="a record falls out at the start"),
        pytest.param(-0.1, 30, id="a record from the future comes in"),
        pytest.param(119.9, 30, id="a record leaves the window before"),
        pytest.param(30, 361, id="the window moved by more than a tenth of its length"),
        pytest.param(30, -1, id="the window moved back"),
    ],
)
def test_a_window_with_other_records_is_counted_anew(alice: MintedProject, age: float, moved: float) -> None:
    store(alice.project, [failing(1), failing(2, age)], NOW)
    first = ask(alice.project)

    again = ask(alice.project, moved)

    assert again.packet_id != first.packet_id
    assert said(again) == counted_anew(alice.project, moved)


def test_a_window_of_another_length_is_counted_anew(project: Project) -> None:
    assert ask(project).packet_id != ask(project, since_minutes=61).packet_id


def test_a_packet_of_another_project_answers_nobody(project: Project, charlie: MintedProject) -> None:
    first = ask(project)

    assert ask(charlie.project).packet_id != first.packet_id
