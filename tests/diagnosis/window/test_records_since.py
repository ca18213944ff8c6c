"""What started after a moment is counted from rollups, as if each record had been looked at."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.window.records_since import Since, records_since
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

END = datetime(2026, 5, 4, 12, 34, 56, tzinfo=UTC)
NAMES = ["a", "b", "c"]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_record_after_the_moment_counts_once(alice: MintedProject, seed: int) -> None:
    chance = random.Random(seed)
    # Most of them near the end, some at whole minutes, others up to three days before.
    ages = [
        chance.choice([chance.uniform(0, 4320), chance.uniform(0, 90), chance.randrange(180)])
        for _ in range(300)
    ]
    sent = [(chance.choice(NAMES), END - timedelta(minutes=age)) for age in ages]
    store(
        alice.project,
        [span(name, trace=number, at=at) for number, (name, at) in enumerate(sent)],
        END + timedelta(minutes=5),
    )
    questions = {
        number: Since(unix_nano(at), frozenset(ServiceOperation("shop", each) for each in asked))
        for number, (_, at) in enumerate(chance.sample(sent, 60))
        for asked in [chance.sample(NAMES, chance.randint(1, 3))]
    }

    with bind(alice.project):
        numbers = records_since(questions, unix_nano(END))

    assert dict(numbers) == {
        key: sum(
            since.unix_nano < unix_nano(at) < unix_nano(END)
            and ServiceOperation("shop", name) in since.places
            for name, at in sent
        )
        for key, since in questions.items()
    }
