"""Programs whose requests fail with several clusters before and after a fix, polled over and over; without a store."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from diagnosis.side_effects import linked as linking
from diagnosis.side_effects import shared_values
from diagnosis.side_effects.anytime import FIRST_PART
from diagnosis.side_effects.compared_requests import ComparedRequests, FailedRequest
from diagnosis.side_effects.hit_requests import HitRequests
from diagnosis.side_effects.linked import Compared, FixInPlace
from diagnosis.window.cluster_counts import Target
from telemetry.windows import Window

SECOND = 10**9
SHIPPED = 1_000_000 * SECOND
PEOPLE, HIT_PEOPLE = 40, 8
OLD_RATES = (0.0, 0.005, 0.02, 0.1)  # of a cluster, before and after
NEW_RATES = (0.002, 0.01, 0.05)  # of one that begins after the fix, in no relation to it


@dataclass(frozen=True, slots=True)
class Request:
    """A request, a second after the one before it; it fails with one of the clusters, or with 0, which is none."""

    at: int
    person: int
    plan: str
    cluster: int

    def failed(self) -> FailedRequest:
        """The request as it is read."""
        user, trace = f"user-{self.person}", self.at.to_bytes(16, "big")
        return FailedRequest(self.cluster, trace, "", user, self.at)

    @property
    def values(self) -> dict[str, frozenset[str]]:
        """Its attributes."""
        return {"plan": frozenset({self.plan}), "user id": frozenset({f"user-{self.person}"})}


def requests(chance: random.Random, start: int, number: int, rates: dict[int, float]) -> list[Request]:
    """Requests that fail with each cluster at its rate, whoever sends them."""
    made = []
    for n in range(number):
        place, failing = chance.random(), 0
        for cluster, rate in rates.items():
            if 0 <= place < rate:
                failing = cluster
            place -= rate
        plan = chance.choice(("free", "free", "gold"))
        made.append(Request(start + n * SECOND, chance.randrange(PEOPLE), plan, failing))
    return made


def side(window: Window, made: list[Request]) -> ComparedRequests:
    """The requests as they are compared: of the kind that was hit are all, of the people who were hit the first few."""
    by_cluster: dict[int, list[FailedRequest]] = {}
    of_people: dict[int, list[FailedRequest]] = {}
    of_others: dict[int, list[FailedRequest]] = {}
    for request in made:
        if request.cluster:
            people = of_people if request.person < HIT_PEOPLE else of_others
            for found in (by_cluster, people):
                found.setdefault(request.cluster, []).append(request.failed())
    number_of_people = sum(request.person < HIT_PEOPLE for request in made)
    return ComparedRequests(window, len(made), number_of_people, len(made), by_cluster, of_people, of_others)


class Polled:
    """A program, and what a verification links at each of the polls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, before: list[Request], after: list[Request]) -> None:
        self.before, self.after = before, after
        by_trace = {request.failed().trace_id: request for request in after}
        first = {request.cluster: request.at for request in [*reversed(after), *reversed(before)]}
        monkeypatch.setattr(linking.cluster_failures, "first_starts", lambda numbers: first)
        monkeypatch.setattr(
            shared_values,
            "read_failing",
            lambda failing, *rest: [by_trace[request.trace_id].values for request in failing],
        )
        monkeypatch.setattr(shared_values, "read_healthy", self.healthy)
        monkeypatch.setattr(shared_values, "read_hit", lambda *rest: self.hit)
        hit = [request for request in before if request.person < HIT_PEOPLE and request.plan == "gold"]
        self.hit = [request.values for request in hit[:50]]

    def healthy(self, window: Window, *rest: object) -> list[dict[str, frozenset[str]]]:
        """The values of healthy requests, spread over the window."""
        made = [one for one in self.after if not one.cluster and one.at < window.end_unix_nano]
        return [one.values for one in made[:: max(1, len(made) // 300)]]

    def linked_at(self, number: int) -> set[int]:
        """The clusters that are linked once so many requests ran since the fix."""
        target = Target("shop", frozenset({"pay"}), 99)
        windows = Window(0, SHIPPED), Window(SHIPPED, SHIPPED + number * SECOND)
        fix = FixInPlace(None, *windows, target, SHIPPED, False)  # type: ignore[arg-type]
        hit = HitRequests([], frozenset(), frozenset(), frozenset({f"user-{n}" for n in range(HIT_PEOPLE)}))
        after = side(windows[1], self.after[:number])
        compared = Compared(fix, hit, side(windows[0], self.before), after, FIRST_PART)
        found = linking.linked(compared, linking.most_failing(after, SHIPPED))
        return {effect.fingerprint for effect in found.linked}


def healthy_program(monkeypatch: pytest.MonkeyPatch, seed: int, size: int) -> Polled:
    """A program that the fix changed nothing in: old clusters at their rates, and a new one that hits anybody."""
    chance = random.Random(seed)
    rates = {number: chance.choice(OLD_RATES) for number in range(1, 5)}
    since = rates | {5: chance.choice(NEW_RATES)} if chance.random() < 0.3 else rates
    # What never came before fails now at random, which is no rise of the others.
    rate_new = since.pop(5, 0.0)
    before = requests(chance, 0, chance.choice((200, 1000)), rates | ({5: rate_new} if rate_new else {}))
    return Polled(
        monkeypatch, before, requests(chance, SHIPPED, size, since | ({5: rate_new} if rate_new else {}))
    )


def broken_program(monkeypatch: pytest.MonkeyPatch, seed: int, size: int) -> Polled:
    """A program in which the requests that were hit fail in another way since the fix, or all of them more often."""
    chance = random.Random(seed)
    rates = {number: chance.choice(OLD_RATES) for number in range(1, 5)}
    before = requests(chance, 0, 400, rates)
    made = requests(chance, SHIPPED, size, rates)
    broken = [
        Request(
            one.at, one.person, one.plan, 7 if is_like_hit(one) and chance.random() < 0.5 else one.cluster
        )
        for one in made
    ]
    return Polled(monkeypatch, before, broken)


def is_like_hit(request: Request) -> bool:
    """Whether it is a request as the failure hit."""
    return request.person < HIT_PEOPLE and request.plan == "gold"
