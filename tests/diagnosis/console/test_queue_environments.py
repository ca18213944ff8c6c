"""The queue names the environments of a failure, and is filtered by them; no packet takes one away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.staff_clients import operator
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
QUEUE = "/admin/diagnosis/loop/"


def send(minted: MintedProject, name: str, environment: str, number: int, at: datetime) -> None:
    """So many calls that fail in this environment."""
    spans = [
        span(name, trace=f"{name}{environment}{at}{n}", at=at + timedelta(seconds=n), error=f"no {name}")
        for n in range(number)
    ]
    store(minted.project, spans, NOON, {"service.name": "shop", "deployment.environment.name": environment})


@pytest.fixture
def diagnosed(alice: MintedProject) -> MintedProject:
    """One failure of staging and production, and one of staging alone, in a packet of them."""
    send(alice, "bill", "staging", 40, NOON - timedelta(minutes=30))
    send(alice, "bill", "production", 1, NOON - timedelta(minutes=30))
    send(alice, "pack", "staging", 2, NOON - timedelta(minutes=30))
    diagnose(alice.project, Window.ending(NOON, 60), NOON)
    return alice


@pytest.fixture
def boss() -> Client:
    """An operator's browser."""
    return operator()


def listed(boss: Client, query: str) -> set[str]:
    """The operations of the loops that the queue lists."""
    page = boss.get(f"{QUEUE}{query}").content.decode()
    return {loop.operation for loop in Loop.objects.all() if loop.loop_id in page}


def test_forty_in_staging_and_one_in_production_are_told_as_that(
    diagnosed: MintedProject, boss: Client
) -> None:
    page = boss.get(QUEUE).content.decode()

    assert "staging 40, production 1" in page
    assert "staging 2<" in page


def test_a_short_window_moves_no_number_down_and_a_longer_one_moves_it_up(
    diagnosed: MintedProject, boss: Client
) -> None:
    later = NOON + timedelta(hours=2)
    send(diagnosed, "bill", "production", 2, later - timedelta(minutes=5))

    diagnose(diagnosed.project, Window.ending(later, 60), later)
    short = boss.get(QUEUE).content.decode()
    diagnose(diagnosed.project, Window.ending(later, 240), later)
    long = boss.get(QUEUE).content.decode()

    assert "staging 40, production 2" in short
    assert "staging 40, production 3" in long


def test_the_queue_and_the_list_of_loops_are_filtered_by_environment(
    diagnosed: MintedProject, boss: Client, call: Any
) -> None:
    assert listed(boss, "?environment=production") == {"bill"}
    assert listed(boss, "?environment=staging") == {"bill", "pack"}
    assert listed(boss, "?environment=Production") == set()

    loops = call("GET", "/v1/loops?environment=production", diagnosed.keys["agent"]).json()["loops"]
    none = call("GET", "/v1/loops?environment=nowhere", diagnosed.keys["agent"]).json()["loops"]

    assert ([loop["operation"] for loop in loops], none) == (["bill"], [])


def test_a_packet_without_an_environment_takes_no_loop_out_of_its_filter(
    diagnosed: MintedProject, boss: Client
) -> None:
    later = NOON + timedelta(hours=2)
    send(diagnosed, "bill", "staging", 3, later - timedelta(minutes=5))

    diagnose(diagnosed.project, Window.ending(later, 60), later)

    assert listed(boss, "?environment=production") == {"bill"}
    assert "staging 40, production 1" in boss.get(QUEUE).content.decode()
