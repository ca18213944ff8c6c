"""Quota and expiry are exact, however many connections press against them."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.batches import Batch, batch
from tests.faults.client import Client, Outcome
from tests.faults.instance import Instance, serving
from tests.faults.load import Load
from tests.faults.recount import recount, tallies
from tests.faults.table import Line

CAP = 10_000
CONNECTIONS = 16
GRACE = timedelta(seconds=2)
Sent = tuple[Batch, Outcome]


def until_refused(port: int, key: str, number: int) -> list[Sent]:
    """New spans on one connection until the project takes no more, and three requests longer."""
    client, chance = Client(port, key), random.Random(number)
    sent: list[Sent] = []
    while sum(outcome.answer == "403" for _, outcome in sent) < 3:
        one = batch(chance, "quota", chance.choice((7, 50, 100, 512)))
        sent.append((one, client.post(one.body)))
    client.close()
    return sent


def test_what_is_accepted_is_the_quota_to_the_span(new_installation: Callable[[], Path], line: Line) -> None:
    line.fault = f"{CONNECTIONS} connections past a quota of {CAP:,}"
    with serving(new_installation(), LOOPKIT_SANDBOX_SPANS=str(CAP)) as instance:
        made = instance.server.provision("quota")

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            port, key = instance.server.port, made["producer_key"]
            sent = [
                each
                for one in pool.map(lambda n: until_refused(port, key, n), range(CONNECTIONS))
                for each in one
            ]

        file = instance.project_file(made["project_id"])
        told = tallies(file)
        load = Load(port, key, uncertain={key for one, _ in sent for key in one.keys})
        line.add(recount(file, [load]))
    line.answers.update(outcome.answer for _, outcome in sent)
    line.acknowledged = sum(outcome.accepted for _, outcome in sent)
    line.check()
    assert line.acknowledged == line.stored == told["stored"] == CAP
    assert told["over_quota"] == sum(one.spans for one, _ in sent) - CAP
    for one, outcome in sent:
        assert_says_what_did_not_fit(one, outcome)


def assert_says_what_did_not_fit(one: Batch, outcome: Outcome) -> None:
    """All of it: 403, final. A part: what fits is taken, the rest counted with its reason."""
    if outcome.answer == "403":
        assert "quota_exceeded" in outcome.message
        return
    assert outcome.answer == "200"
    assert outcome.accepted + outcome.rejected == one.spans
    assert outcome.message == (
        f"{outcome.rejected} span{'s' * (outcome.rejected != 1)}: over_quota" if outcome.rejected else ""
    )


def expire(instance: Instance, project_id: str, at: datetime) -> None:
    """Set the project's expiry, as an operator does in the admin."""
    with (
        closing(sqlite3.connect(instance.server.data_dir / "control.sqlite3", timeout=30)) as control,
        control,
    ):
        shown = at.strftime("%Y-%m-%d %H:%M:%S.%f")
        control.execute("UPDATE tenants_project SET expires_at = ? WHERE project_id = ?", [shown, project_id])


def test_nothing_is_stored_after_a_project_expired(instance: Instance, line: Line) -> None:
    line.fault = f"project expires under {CONNECTIONS} connections"
    made = instance.server.provision("expires")
    end = datetime.now(UTC) + GRACE
    expire(instance, made["project_id"], end)
    sent: list[tuple[float, Batch, Outcome]] = []
    stop = threading.Event()

    def send(number: int) -> None:
        client, chance = Client(instance.server.port, made["producer_key"]), random.Random(number)
        while not stop.is_set():
            one = batch(chance, "expires", 20)
            sent.append((time.time(), one, client.post(one.body)))
        client.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for number in range(CONNECTIONS):
            pool.submit(send, number)
        time.sleep(GRACE.total_seconds() * 2)
        stop.set()

    load = Load(0, "")
    load.acknowledged = {key for _, one, outcome in sent if outcome.is_success for key in one.keys}
    line.answers.update(outcome.answer for _, _, outcome in sent)
    line.add(recount(instance.project_file(made["project_id"]), [load]))
    line.check()
    assert line.stored == line.acknowledged
    assert {outcome.answer for _, _, outcome in sent} == {"200", "401"}
    assert {outcome.answer for at, _, outcome in sent if at > end.timestamp()} == {"401"}
