"""Records are counted by environment and release as they arrive, and as an older file is upgraded."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from telemetry.models import Attribution, DeploymentCounts, Record
from telemetry.store.counts.deployments import STRETCHES
from telemetry.windows import MINUTE_NANO
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
KEY = ("service", "operation", "minutes", "minute", "environment", "release")


def send(project: Project, seed: int) -> None:
    """Records of several deployments over three days and one of 1970, of which some came before, in small batches."""
    chance = random.Random(seed)
    for number in range(40):
        resource = {
            "service.name": chance.choice(["shop", "bank"]),
            "deployment.environment.name": chance.choice(["production", "staging", ""]),
            "service.version": chance.choice(["1.0", "2.0", ""]),
        }
        at = NOON - timedelta(minutes=chance.choice([0, 1, 59, 60, 61, 4000, 60 * 24 * 365 * 56]))
        spans = [
            span(
                chance.choice(["pay", "ship"]),
                trace=f"{number} {place}",
                at=at + timedelta(seconds=20 * place),
                error=chance.choice(["", "late"]),
            )
            for place in range(chance.randint(1, 9))
        ]
        for sent in (spans, spans[:2]):
            store(project, sent, NOON, {name: value for name, value in resource.items() if value})


def counted() -> dict[tuple[Any, ...], tuple[int, int]]:
    """What is stored: records and failed records by the key of their row."""
    rows = DeploymentCounts.objects.values_list(*KEY, "count", "failures")
    return {tuple(key): (count, failures) for *key, count, failures in rows}


def recounted() -> dict[tuple[Any, ...], tuple[int, int]]:
    """The same, from the records."""
    ran: Counter[tuple[Any, ...]] = Counter()
    failed: Counter[tuple[Any, ...]] = Counter()
    for record in Record.objects.all():
        for minutes in STRETCHES:
            minute = record.start_time_unix_nano // MINUTE_NANO
            key = (
                record.service,
                record.operation,
                minutes,
                minute - minute % minutes,
                record.environment,
                record.release,
            )
            ran[key] += 1
            failed[key] += record.fingerprint is not None
    return {key: (number, failed[key]) for key, number in ran.items()}


def attributed() -> list[tuple[Any, ...]]:
    """The environment of each attributed failure, and that of its record."""
    of_records = {
        (bytes(trace_id), bytes(span_id)): environment
        for trace_id, span_id, environment in Record.objects.values_list("trace_id", "span_id", "environment")
    }
    rows = Attribution.objects.order_by("pk").values_list("trace_id", "span_id", "environment")
    return [(environment, of_records[bytes(trace), bytes(span)]) for trace, span, environment in rows]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_stored_record_counts_once_for_its_deployment(alice: MintedProject, seed: int) -> None:
    send(alice.project, seed)

    with bind(alice.project):
        assert counted() == recounted()
        pairs = attributed()
        assert {one for one, _ in pairs} == {"production", "staging", ""}
        assert [one for one, _ in pairs] == [other for _, other in pairs]


def test_an_older_file_is_given_what_ingest_would_have_written(alice: MintedProject) -> None:
    migration = import_module("telemetry.migrations.0011_deployments")
    send(alice.project, 3)
    with bind(alice.project):
        written, environments = counted(), attributed()
        DeploymentCounts.objects.all().delete()
        Attribution.objects.update(environment="")
        editor = SimpleNamespace(connection=connections[bound_alias()])

        migration.count_deployments(None, editor)
        migration.name_environments(None, editor)

        assert counted() == written
        assert attributed() == environments
