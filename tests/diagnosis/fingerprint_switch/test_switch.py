"""A switch of fingerprints: every stored failing record gets its new cluster, whatever comes in between."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from diagnosis.fingerprint_switch import switch
from diagnosis.fingerprint_switch.switch import Phase
from telemetry import regrouping
from telemetry.grouping.versions import FIRST, NEWEST
from telemetry.ingest import ingest
from telemetry.otlp.decode import Encoding
from telemetry.store import version_freshness
from tenants.audit import audit_log
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Project
from tenants.stores.binding import bind
from tests.diagnosis.native_crashes import (
    DRIVER,
    JAVA,
    LOADER,
    clusters,
    counted,
    crashes,
    recounted,
    send,
    switched,
)
from tests.telemetry.factory import request, span, store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OLD, NEW = FIRST.version, NEWEST.version


def body(stack: str) -> bytes:
    """A request with one more crash."""
    return json.dumps(request(*crashes(stack, NOW + timedelta(hours=1)))).encode()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here holds a request for seconds."""
    monkeypatch.setattr(version_freshness, "WAIT", 0.0)
    monkeypatch.setattr(switch, "PAUSE", 0.0)


@pytest.fixture
def old(make_project: Any) -> Project:
    """A project with the first version: 2 crashes in the driver, 3 in the loader, 4 in Java, 5 healthy records."""
    minted: MintedProject = make_project(fingerprint_version=OLD)
    fine = [span("paint", trace=n, at=NOW) for n in range(5)]
    send(minted.project, NOW, crashes(DRIVER, NOW, 2), crashes(LOADER, NOW, 3), crashes(JAVA, NOW, 4), fine)
    return minted.project


@pytest.fixture
def new(make_project: Any) -> Project:
    """The same records in a project that never had another version than the newest."""
    minted: MintedProject = make_project()
    fine = [span("paint", trace=n, at=NOW) for n in range(5)]
    send(minted.project, NOW, crashes(DRIVER, NOW, 2), crashes(LOADER, NOW, 3), crashes(JAVA, NOW, 4), fine)
    return minted.project


def test_switched_records_are_as_if_they_had_come_with_the_new_version(old: Project, new: Project) -> None:
    assert clusters(old).keys().isdisjoint(clusters(new))

    done = switched(old, NEW, NOW)

    assert clusters(old) == clusters(new)
    assert counted(old) == counted(new) == recounted(old)
    assert (done.phase, done.mapped, done.rewritten) == (Phase.DONE, 9, 9)


def test_a_switch_there_and_back_changes_nothing(old: Project) -> None:
    before, numbers = clusters(old), counted(old)

    switched(old, NEW, NOW)
    switched(old, OLD, NOW)

    assert (clusters(old), counted(old)) == (before, numbers)


def test_it_is_written_to_the_audit_log(old: Project) -> None:
    switched(old, NEW, NOW)

    [entry] = AuditEntry.objects.filter(target=f"project:{old.pk}", event=audit_log.AuditEvent.CHANGED)
    assert entry.detail == {"fingerprint_version": {"before": OLD, "after": NEW}}
    assert (entry.actor, entry.tenant_id) == ("shell", old.tenant_id)


def test_records_that_come_in_between_have_their_new_cluster(
    old: Project, new: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "BATCH", 2)
    later = NOW + timedelta(minutes=1)
    begun = switch.begin_switch(Project.objects.get(pk=old.pk), NEW, audit_log.SHELL, NOW)

    for number in range(1, 8):
        spans = crashes(DRIVER, later + timedelta(seconds=number)) + crashes(
            LOADER, NOW - timedelta(seconds=number)
        )
        for project in (old, new):
            send(project, NOW, spans)
        phase = switch.advance_switch(begun, seconds=1e-9).phase
    switch.advance_switch(begun)

    assert phase not in {Phase.WAITING, Phase.DONE}
    assert clusters(old) == clusters(new)
    assert counted(old) == counted(new) == recounted(old)


@pytest.mark.parametrize("batches", range(4))
def test_a_crash_between_batches_costs_nothing(
    old: Project, new: Project, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(switch, "BATCH", 3)
    begun = switch.begin_switch(Project.objects.get(pk=old.pk), NEW, audit_log.SHELL, NOW)
    step, written = switch.step, []

    def dies(*args: Any, **fields: Any) -> bool:
        """As if the process were killed after a batch was committed, before that was written down."""
        if "rewritten" in fields and len(written) == batches:
            raise KeyboardInterrupt
        written.extend(["a batch"] * ("rewritten" in fields))
        return step(*args, **fields)

    monkeypatch.setattr(switch, "step", dies)
    if batches < 3:
        with pytest.raises(KeyboardInterrupt):
            switch.advance_switch(begun)
        monkeypatch.setattr(switch, "step", step)
    done = switch.advance_switch(switch.under_way(old) or begun)

    assert done.phase == Phase.DONE
    assert clusters(old) == clusters(new)
    assert counted(old) == counted(new) == recounted(old)


def test_two_who_go_on_with_one_switch_count_nothing_twice(old: Project) -> None:
    begun = switch.begin_switch(Project.objects.get(pk=old.pk), NEW, audit_log.SHELL, NOW)
    other = switch.under_way(old)
    assert other

    with bind(old):
        switch.wait(begun)
        begun.refresh_from_db()
        other.refresh_from_db()
        switch.map_some(begun)
        switch.map_some(other)
    done = switch.advance_switch(begun)

    assert (done.mapped, done.rewritten) == (9, 9)


def test_a_second_switch_waits_for_the_first(old: Project) -> None:
    project = Project.objects.get(pk=old.pk)
    switch.begin_switch(project, NEW, audit_log.SHELL, NOW)

    with pytest.raises(switch.CannotSwitch, match="under way"):
        switch.begin_switch(project, OLD, audit_log.SHELL, NOW)


@pytest.mark.parametrize("to", [OLD, 99])
def test_a_version_that_is_there_already_or_nowhere_is_refused(old: Project, to: int) -> None:
    with pytest.raises(switch.CannotSwitch):
        switch.begin_switch(Project.objects.get(pk=old.pk), to, audit_log.SHELL, NOW)


def test_the_map_is_the_same_whatever_order_the_records_came_in(make_project: Any) -> None:
    spans = crashes(DRIVER, NOW, 4) + crashes(LOADER, NOW, 4) + crashes(JAVA, NOW, 4)
    maps = []

    for seed in range(3):
        project = make_project(fingerprint_version=OLD).project
        shuffled = random.Random(seed).sample(spans, len(spans))
        store(project, shuffled[:5], NOW)
        store(project, shuffled[5:], NOW)
        maps.append(switched(project, NEW, NOW).moves)

    assert maps[0] == maps[1] == maps[2]
    assert sorted(len(parts) for parts in maps[0].values()) == [1, 1, 1]


def test_a_request_that_took_longer_than_a_lease_and_knows_an_old_version_is_sent_again(old: Project) -> None:
    known = Project.objects.get(pk=old.pk)
    slow = time.monotonic() - 2 * version_freshness.MAX_AGE
    switch.begin_switch(Project.objects.get(pk=old.pk), NEW, audit_log.SHELL, NOW)
    before = clusters(old)

    with pytest.raises(OperationalError, match="switched"), bind(known, slow):
        ingest(body(DRIVER), Encoding.JSON, NOW)

    assert clusters(old) == before


def test_a_slow_request_is_stored_if_nothing_was_switched(old: Project) -> None:
    slow = time.monotonic() - 2 * version_freshness.MAX_AGE

    with bind(old, slow):
        receipt = ingest(body(DRIVER), Encoding.JSON, NOW)

    assert receipt.accepted == 1


def test_a_request_asks_for_the_version_only_when_it_took_long(
    old: Project, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), bind(old):
        ingest(body(DRIVER), Encoding.JSON, NOW)
    with django_assert_num_queries(1), bind(old, time.monotonic() - 2 * version_freshness.MAX_AGE):
        ingest(body(LOADER), Encoding.JSON, NOW)


def test_a_span_that_this_code_reads_otherwise_is_told_by_its_columns(old: Project) -> None:
    with bind(old):
        [row] = regrouping.after(regrouping.START, 1)
        row.signal_type = "latency"
        [number] = regrouping.regrouped([row], NEWEST)
        row.signal_type = "error"
        [usual] = regrouping.regrouped([row], NEWEST)

    assert number != usual
