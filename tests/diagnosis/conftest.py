"""
A loop whose fix shipped, on stored records: `loop`, `send` for more of them, `held` once it held.

And for the admin: `boss`, a superuser's browser, and `project`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from diagnosis.models import Loop, Severity
from diagnosis.verification.verify import verify
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.windows import rfc3339
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after, make_packet
from tests.staff_clients import operator
from tests.telemetry.factory import span, store


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


@pytest.fixture
def project(alice: MintedProject) -> Project:
    """The project of the test."""
    return alice.project


@pytest.fixture
def send(alice: MintedProject) -> Send:
    """`send(since, failing=3, ok=7)`: so many records of a trace each, one a second, failures spread over them."""

    def records(
        since: datetime, failing: int = 0, ok: int = 0, name: str = "place order", **fields: Any
    ) -> None:
        number, release = failing + ok, fields.pop("release", "")
        service, environment = fields.pop("service", "shop"), fields.pop("environment", "")
        cause, sessions = fields.pop("cause", "no stock"), fields.pop("sessions", number)
        spans = [
            span(
                name,
                trace=f"{since}{name}{release}{environment}{n}",
                at=since + timedelta(seconds=n),
                error=cause if (n + 1) * failing // number > n * failing // number else "",
                attributes={"session.id": f"{since}{n * sessions // number}"},
                **fields,
            )
            for n in range(number)
        ]
        resource = {"service.name": service} | ({"service.version": release} if release else {})
        resource |= {"deployment.environment.name": environment} if environment else {}
        store(alice.project, spans, since, resource)

    return records


@pytest.fixture
def loop(alice: MintedProject, send: Send) -> Loop:
    """20 of 50 records failed, the loop was proposed an hour later, and its fix shipped after another."""
    send(T0, failing=20, ok=30)
    with bind(alice.project):
        failure = Record.objects.filter(fingerprint__isnull=False)[0]
    window = {"start": rfc3339(T0 - timedelta(minutes=5)), "end": rfc3339(T0 + timedelta(hours=1))}
    packet = make_packet(alice, window)
    return Loop.objects.create(
        project=alice.project,
        cluster_id=cluster_id(failure.fingerprint),
        state=Loop.State.SHIPPED,
        title="place order: no stock",
        severity=Severity.HIGH,
        signal_type="error",
        service="shop",
        operation="place order",
        failures=20,
        issue={},
        packet=packet,
        shipped_at=SHIPPED,
        created_at=T0,
        updated_at=T0,
    )


@pytest.fixture
def held(loop: Loop, send: Send) -> Loop:
    """The fix ran 60 times without a failure and was verified after one hour."""
    send(SHIPPED, ok=60)
    verify(loop, after(1))
    return loop
