"""Records by environment and release are counted from stretches of time, as if each had been looked at."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.window.deployments import Deployment, records_by_deployment
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

END = datetime(2026, 5, 4, 12, 34, 56, tzinfo=UTC)
PLACES = frozenset({ServiceOperation("shop", "pay"), ServiceOperation("shop", "ship")})


@pytest.mark.parametrize("seed", [1, 2])
def test_every_record_of_any_window_counts_once(alice: MintedProject, seed: int) -> None:
    chance = random.Random(seed)
    sent = []
    for number in range(120):
        deployment = Deployment(chance.choice(["production", "staging", ""]), chance.choice(["1", "2", ""]))
        age = chance.choice([chance.uniform(0, 4320), chance.uniform(0, 90), chance.randrange(180)])
        name, at = chance.choice(["pay", "ship", "other"]), END - timedelta(minutes=age)
        sent.append((name, at, deployment))
        named = {"deployment.environment": deployment.environment, "service.version": deployment.release}
        store(
            alice.project,
            [span(name, trace=number, at=at)],
            END + timedelta(minutes=5),
            {"service.name": "shop"} | {key: value for key, value in named.items() if value},
        )

    for minutes in (0, 1, 7, 59, 61, 200, 1500, 4400):
        window = Window(unix_nano(END - timedelta(minutes=minutes, seconds=7)), unix_nano(END))
        expected: dict[ServiceOperation, Counter[Deployment]] = {}
        for name, at, deployment in sent:
            if window.start_unix_nano <= unix_nano(at) < window.end_unix_nano and name != "other":
                expected.setdefault(ServiceOperation("shop", name), Counter())[deployment] += 1

        with bind(alice.project):
            assert records_by_deployment(window, PLACES) == expected, minutes
