"""Which sessions a trajectory counts: those in which the loop's service ran, in the releases that are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import chain, combinations, product

import pytest

from diagnosis.models import Loop
from diagnosis.verification import trajectory
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, Send, after
from tests.telemetry.factory import span, store

SERVICES, RELEASES = ("billing", "gateway", "shop"), ("", "1.0", "2.0")
Part = tuple[str, str]  # a service and its release
Run = tuple[Part, ...]  # the parts of a trace, one record each
PARTS = list(product(SERVICES, RELEASES))
EVERY_RUN: list[Run] = [(part,) for part in PARTS] + list(product(PARTS, PARTS))
EVERY_SET = list(chain.from_iterable(combinations(RELEASES, number) for number in range(4)))


def send_runs(minted: MintedProject, runs: Sequence[Run]) -> None:
    """A trace for each run, one a second since the fix shipped; each is a session of its own."""
    by_part = defaultdict(list)
    for number, parts in enumerate(runs):
        for position, part in enumerate(parts):
            at = SHIPPED + timedelta(seconds=number)
            by_part[part].append(span("step", trace=f"run {number}", id=f"{number} {position}", at=at))
    for (service, release), spans in by_part.items():
        resource = {"service.name": service} | ({"service.version": release} if release else {})
        store(minted.project, spans, SHIPPED, resource)


def sessions(minted: MintedProject, service: str, without_releases: Iterable[str] = ()) -> int:
    """The sessions of the hour since the fix shipped that the trajectory of the service counts."""
    with bind(minted.project):
        read = trajectory.read_trajectory(Window.ending(after(1), 60), service, frozenset(without_releases))
    return int(read["sessions"])


def test_a_session_counts_if_the_service_ran_in_it_in_a_release_that_counts(alice: MintedProject) -> None:
    send_runs(alice, EVERY_RUN)

    for service, without in product(SERVICES, EVERY_SET):
        counted = [
            run for run in EVERY_RUN if any(part[0] == service and part[1] not in without for part in run)
        ]
        assert sessions(alice, service, without) == len(counted), (service, without)


def test_an_answer_counts_sessions_that_another_service_began(
    alice: MintedProject, loop: Loop, send: Send
) -> None:
    send_runs(alice, [(("gateway", ""), ("shop", ""))] * 7 + [(("gateway", ""),)] * 4)

    assert verify(loop, after(1)).document["trajectory"]["after"]["sessions"] == 7


def test_an_answer_counts_no_session_of_a_release_that_is_left_out(loop: Loop, send: Send) -> None:
    loop.release = "2.0"
    loop.save()
    send(SHIPPED - timedelta(minutes=9), ok=3, release="1.0")
    send(SHIPPED, ok=30, release="1.0")
    send(SHIPPED, ok=60, release="2.0")

    held = verify(loop, after(1))
    assert (held.verdict, counted(held.document)) == ("held", (53, 60))

    loop.refresh_from_db()
    send(after(2), ok=5, release="1.0")
    send(after(2), ok=8, release="2.0")
    assert counted(verify(loop, after(3)).document) == (60, 8)  # before: since the fix until it held


def counted(document: dict) -> tuple[int, int]:
    """The sessions before and after."""
    sides = document["trajectory"]
    return sides["before"]["sessions"], sides["after"]["sessions"]


@pytest.mark.parametrize(
    ("bound", "most", "expected"), [("MOST_RECORDS", 6, 3), ("LONG", 1, 0), ("MOST_TRACES", 4, 4)]
)
def test_what_is_looked_through_is_bounded(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, expected: int
) -> None:
    send_runs(alice, [(("gateway", ""), ("shop", ""))] * 9)
    assert sessions(alice, "shop") == 9

    monkeypatch.setattr(trajectory, bound, most)

    assert sessions(alice, "shop") == expected
