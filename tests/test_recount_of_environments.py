"""The counts of a fix by environment, against a recount by the program that fails in some of them."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.models import Loop
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import page_of
from tests.diagnosis.dashboard_client import browser_of
from tests.shown_counts import Shown, words
from tests.staff_clients import operator
from tests.telemetry.factory import span, store
from tests.thorough import thorough

NOW = datetime.now(UTC).replace(microsecond=0)
FIRST, SHIPPED, BACK = NOW - timedelta(hours=3), NOW - timedelta(hours=2), NOW - timedelta(minutes=40)
OLD, NEW = "1.0.0", "1.1.0"
RATES = {"production": 0.05, "staging": 0.4, "": 0.2}
Call = tuple[str, str, bool]  # environment, release, whether it failed


def calls(chance: random.Random, number: int, rate: float, releases: list[str]) -> list[Call]:
    """So many calls; those of each environment fail as often as RATES says, times `rate`."""
    places = [(chance.choice(list(RATES)), chance.choice(releases)) for _ in range(number)]
    return [(where, release, chance.random() < RATES[where] * rate) for where, release in places]


def send(shown: Shown, since: datetime, made: list[Call], order: str) -> None:
    """Send the calls, two a second, in batches of one deployment each."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for n, (where, release, failed) in enumerate(made):
        at = since + timedelta(milliseconds=500 * n)
        one = span("bill", trace=f"{since}{n}", at=at, error="no bill" if failed else "")
        groups.setdefault((where, release), []).append(one)
    for (where, release), spans in sorted(groups.items(), reverse=order == "backwards"):
        resource = {"service.name": "shop", "service.version": release}
        resource |= {"deployment.environment.name": where} if where else {}
        for first in range(0, len(spans), 37):
            store(shown.minted.project, spans[first : first + 37], NOW, resource)


def counts(made: list[Call], release: str) -> dict[str, tuple[int, int]]:
    """Failures and calls of this release by environment."""
    ran = Counter(where for where, known, _ in made if known == release)
    failed = Counter(where for where, known, failed in made if known == release and failed)
    return {where: (failed[where], number) for where, number in ran.items()}


def by_environment(answer: dict[str, Any], side: str) -> dict[str, tuple[int, int]]:
    """The same as an answer has it, of which the parts add up to the verdict's own numbers."""
    assert answer["further_environments"]["number"] == 0
    rows = {row["environment"] or "": row[side] for row in answer["environments"]}
    if side in answer and "exposure" in (answer[side] or {}):
        for what in ("failures", "exposure"):
            assert sum(row[what] for row in rows.values()) == answer[side][what]
    return {name: (row["failures"], row["exposure"]) for name, row in rows.items()}


@pytest.mark.parametrize(("seed", "order"), [(2, "backwards"), *thorough((1, "in order"))])
def test_a_verdict_has_the_counts_of_each_environment_that_the_program_knows(
    alice: Any, call: Any, seed: int, order: str
) -> None:
    shown, chance = Shown(alice, call, browser_of(alice), operator()), random.Random(seed)
    alice.project.production_environments = ["production"]
    alice.project.save()
    before = calls(chance, chance.randrange(300, 500), 1, [OLD])
    since = calls(chance, chance.randrange(400, 600), 0, [NEW]) + calls(chance, 200, 1, [OLD])
    send(shown, FIRST, before, order)
    shown.diagnose(Window.ending(FIRST + timedelta(minutes=20), 60))
    loop = Loop.objects.get()
    boss = User.objects.create_superuser("decides")
    approve_seen(loop, boss, "It hurts.", FIRST + timedelta(minutes=30))
    report = {"kind": "shipped", "release": NEW, "shipped_at": SHIPPED.isoformat()}
    shown.post(f"/v1/loops/{loop.loop_id}/events", **report)
    send(shown, SHIPPED, since, order)

    loop.refresh_from_db()
    held = verify(loop, BACK).document

    assert held["verdict"] == "held"
    assert by_environment(held, "before") == counts(before, OLD)
    assert by_environment(held, "after") == counts(since, NEW)  # hosts of the old release are left out
    marked = [(row["environment"], row["is_production"]) for row in held["environments"]]
    assert marked[0] == ("production", True)
    assert dict(marked[1:]) == {"staging": False, None: False}

    back = calls(chance, 300, 1, [NEW])
    send(shown, BACK, back, order)
    regressed = shown.post("/v1/runs/verify", loop_id=loop.loop_id)
    loop.refresh_from_db()
    [fix] = shown.get(f"/v1/loops/{loop.loop_id}")["fixes"]
    approve_seen(loop, boss, "Again.", NOW)
    handoff = shown.get(f"/v1/loops/{loop.loop_id}/handoff")["earlier_fixes"]
    path = f"/v1/loops/{loop.loop_id}/handoff?format=md"
    text = call("GET", path, alice.keys["agent"]).content.decode()
    pages = [
        words(shown.boss.get(page_of(loop))),
        words(shown.browser.get(f"/dashboard/issues/{loop.cluster_id}")),
    ]

    assert regressed["verdict"] == "regressed"
    failed, ran = counts(back, NEW)["production"]
    assert by_environment(regressed, "before") == counts(since, NEW)
    assert by_environment(regressed, "after") == counts(back, NEW)
    assert handoff == [fix]
    assert fix["environments"] == regressed["environments"]
    now = f"{failed} of {ran} since, production"
    assert f"`production` (0 of {counts(since, NEW)['production'][1]} before, {now})" in text
    for page in pages:
        assert f"production : 0 of {counts(since, NEW)['production'][1]} when it held, {now}" in page
        assert "The verdict is of all of them together, without those that could have had the failure" in page
