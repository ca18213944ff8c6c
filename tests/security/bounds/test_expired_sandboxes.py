"""A sandbox that expired is erased after its grace, whole and with a receipt; whatever somebody keeps stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis import periodic_jobs
from diagnosis.models import Decision, Loop
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Project
from tests.diagnosis.factory import make_loop
from tests.telemetry.factory import minutes, span, store

Call = Callable[..., Any]
NOW = timezone.now()


@pytest.fixture
def sandbox(alice: MintedProject, call: Call) -> MintedProject:
    """It has telemetry, packets, loops and reports."""
    store(alice.project, [span("pay", at=NOW - minutes(5), error="no stock")], NOW)
    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {}).json()["packet"]
    body = {"eval_id": packet["issues"][0]["eval_candidate"], "passed": False}
    assert call("POST", "/v1/evals", alice.keys["agent"], body).status_code == 201
    first, second = make_loop(alice.project, cluster=7), make_loop(alice.project, cluster=8)
    first.joined_to = second
    first.save()
    return alice


def end_of_grace(minted: MintedProject) -> datetime:
    """When the project is to be erased."""
    assert minted.project.expires_at is not None
    return minted.project.expires_at + timedelta(days=settings.LOOPKIT_SANDBOX_GRACE_DAYS)


def run_jobs(at: datetime) -> None:
    """A round of the periodic jobs at that time."""
    periodic_jobs.run_all_jobs(lambda: at, lambda: True)


def files(minted: MintedProject) -> list[str]:
    """The names of all files that name the project."""
    folder = settings.LOOPKIT_DATA_DIR / "projects"
    return [path.name for path in folder.iterdir() if minted.project.project_id in path.name]


def rows(minted: MintedProject) -> dict[str, int]:
    """The rows of the control database that lead to the project, by model."""
    counts = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if getattr(field, "related_model", None) is Project and field.concrete:
                counts[model.__name__] = model._default_manager.filter(
                    **{field.name: minted.project.pk}
                ).count()
    return counts


def kept(minted: MintedProject) -> tuple[dict[str, int], list[str]]:
    """The rows and files of the project, without notices, which another job forgets by their age."""
    return {name: count for name, count in rows(minted).items() if name != "Notice"}, sorted(files(minted))


def test_after_the_grace_nothing_is_left_but_the_audit_log(sandbox: MintedProject, call: Call) -> None:
    other = provisioning.mint_project("other", "", NOW + timedelta(days=20), claim=False)
    entries = AuditEntry.objects.count()
    assert min(rows(sandbox)[name] for name in ("Key", "Packet", "Loop", "EvalCandidate", "Notice")) > 0

    run_jobs(end_of_grace(sandbox))

    assert not Project.objects.filter(pk=sandbox.project.pk).exists()
    assert set(rows(sandbox).values()) == {0}
    assert files(sandbox) == []
    assert Project.objects.filter(pk=other.project.pk).exists()
    assert AuditEntry.objects.count() == entries + 1
    newest = AuditEntry.objects.first()
    assert newest is not None
    assert (newest.event, newest.target) == ("deleted", f"project:{sandbox.project.pk}")
    assert call("GET", "/v1/loops", sandbox.keys["agent"]).status_code == 401


def test_until_then_everything_stays(sandbox: MintedProject) -> None:
    before = kept(sandbox)

    run_jobs(end_of_grace(sandbox) - timedelta(seconds=1))

    assert kept(sandbox) == before


def graduate(minted: MintedProject) -> None:
    provisioning.graduate(minted.project, NOW)


def suspend(minted: MintedProject) -> None:
    Project.objects.filter(pk=minted.project.pk).update(state=Project.State.SUSPENDED)


def prolong(minted: MintedProject) -> None:
    Project.objects.filter(pk=minted.project.pk).update(expires_at=end_of_grace(minted) + timedelta(days=1))


def decide(minted: MintedProject) -> None:
    loop = Loop.objects.filter(project=minted.project)[0]
    Decision.objects.create(
        loop=loop, verb="reject", reason="no", decided_by=User.objects.create(username="olga"),
        decided_at=NOW, packet=loop.packet, revision=loop.revision,
    )  # fmt: skip


@pytest.mark.parametrize("keep", [graduate, suspend, prolong, decide])
def test_what_somebody_keeps_within_the_grace_stays(
    sandbox: MintedProject, keep: Callable[[MintedProject], None]
) -> None:
    at = end_of_grace(sandbox) + timedelta(days=1)
    keep(sandbox)
    before = kept(sandbox)

    run_jobs(at)

    assert kept(sandbox) == before


def test_a_name_is_free_again_and_the_new_project_has_a_store_of_its_own(
    sandbox: MintedProject, call: Call
) -> None:
    at = end_of_grace(sandbox)
    run_jobs(at)

    minted = provisioning.mint_project(sandbox.project.name, "", at, claim=True)
    store(minted.project, [span("pay", at=at, error="no stock")], at)

    assert minted.project.pk != sandbox.project.pk
    assert files(minted)


def test_a_file_that_cannot_be_deleted_keeps_the_project_for_the_next_round(
    sandbox: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", failing)
        run_jobs(end_of_grace(sandbox))

    assert Project.objects.filter(pk=sandbox.project.pk).exists()
    run_jobs(end_of_grace(sandbox))
    assert files(sandbox) == []


def failing(*given: Any, **named: Any) -> None:
    """What a read-only disk does."""
    raise OSError("read-only")
