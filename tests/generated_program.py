"""
A generated program with known failures: `Program(seed)` has its spans and knows, by itself, what every window holds.

Each order is a trace: its root calls steps in two services, of which one has a clock that runs ahead. How an order
fails is drawn for it. What is expected of a window is counted from what was drawn, and from no code of the product.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from telemetry.windows import Window, unix_nano
from tests.telemetry.factory import record_id, span

ORDERS, MINUTES = 110, 120  # orders in so many minutes before the end
AHEAD = timedelta(seconds=95)  # of the clock of the service that charges cards
ROOT, PRICE, CURRENCY, CARD, RECEIPT = (
    "take order",
    "price basket",
    "convert currency",
    "charge card",
    "send receipt",
)
SERVICES = dict.fromkeys((ROOT, PRICE, CURRENCY, RECEIPT), "shop") | {CARD: "bank"}


class Way(NamedTuple):
    """How an order can fail: the kind of failure, the step that fails, and the message of each caller that fails."""

    kind: str
    step: str
    callers: dict[str, str]


# The message of each kind of failure.
KINDS = {
    "currency": "no rate for this currency today",
    "card": "the card issuer declined this payment",
    "receipt": "no mailbox answered the letter",
    "retry": "the exchange closed the connection early",
    "early": "the basket holds nothing to order",
}
# What orders say that fail so; others have one of these at most, or none. None: the attribute is not set.
CIRCUMSTANCES: dict[str, dict[str, str | int | bool | None]] = {
    "currency": {"cart.currency": "JPY", "cart.gifts": 1},  # only together
    "card": {"card.kind": "prepaid"},
    "receipt": {"mail.language": None},
    "retry": {"cart.express": True},
}
USUAL: dict[str, list[str | int | bool]] = {
    "cart.currency": ["EUR", "USD", "JPY"],
    "cart.gifts": [0, 1, 2],
    "card.kind": ["credit", "credit", "credit", "debit", "debit", "prepaid"],
    "mail.language": ["en", "ja"],
    "cart.express": [False, False, False, False, True],
    "cart.note": ["none", "a note that is too long to compare: " + "x" * 90],
}
UNPAID = "this order could not be paid"
WAYS = {
    "currency": Way(
        "currency", CURRENCY, {PRICE: KINDS["currency"], ROOT: KINDS["currency"]}
    ),  # all of one cluster
    "cached": Way("currency", PRICE, {ROOT: KINDS["currency"]}),  # the same failure in another step
    "card": Way("card", CARD, {ROOT: UNPAID}),
    "receipt": Way("receipt", RECEIPT, {}),  # the order goes on
    "retry": Way("retry", CURRENCY, {}),  # a second call succeeds
    "early": Way("early", ROOT, {}),  # before any step
}
# How orders fail, by weight; one order may fail in two ways.
DRAWN: dict[tuple[str, ...], int] = {
    (): 60, ("currency",): 8, ("cached",): 4, ("card",): 6, ("receipt",): 6, ("currency", "receipt"): 3,
    ("card", "receipt"): 2, ("retry",): 5, ("retry", "receipt"): 2, ("early",): 4,
}  # fmt: skip


class Ran(NamedTuple):
    """One span that was sent, and what the program knows of it."""

    sent: dict[str, Any]
    service: str
    operation: str
    start: int  # unix nanoseconds
    trace: str
    session: str  # the trace itself if it names none
    user: str
    facts: dict[str, str]  # its attributes and those of its resource, as texts
    kind: str  # the failure that it is, "" for none
    caused_by: frozenset[str]  # of a caller that failed: the failures inside
    environment: str
    release: str

    @property
    def own_facts(self) -> dict[str, str]:
        """Its attributes without those of its resource."""
        return {name: text for name, text in self.facts.items() if name not in self.sent["resource"]}

    @property
    def failed(self) -> bool:
        """Whether it is a failure, or what one caused."""
        return bool(self.kind or self.caused_by)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be said of one kind of failure in a window."""

    failures: int
    exposure: int
    traces: int
    sessions: int
    users: int
    caused: int  # callers that failed around it
    sessions_begun: int  # of those sessions, the ones whose failing trace begins in the window
    first_seen: int
    last_seen: int
    by_environment: dict[
        str, tuple[int, int]
    ]  # failures and records of these operations, by the name; "" for none
    by_release: dict[str, tuple[int, int]]
    ran_since: int  # records of these operations that started after the last failure of the window

    @property
    def share(self) -> float:
        """Of the records of the operations in which it failed."""
        return round(self.failures / self.exposure, 4)


@dataclass
class Program:
    """All spans of a seed, the last order at `end`."""

    seed: int
    end: datetime
    spans: list[Ran] = field(default_factory=list)
    begin: dict[str, int] = field(default_factory=dict)  # of each trace

    def __post_init__(self) -> None:
        chance, by_chance = random.Random(self.seed), random.Random(f"circumstances {self.seed}")
        for number in range(ORDERS):
            minutes = chance.choice([chance.uniform(0, MINUTES), chance.randrange(MINUTES)])
            ways = chance.choices(list(DRAWN), weights=list(DRAWN.values()))[0]
            who = Order(
                f"{self.seed}-{number}",
                self.end - timedelta(minutes=minutes, seconds=1),
                f"session {chance.randrange(40)}" if chance.random() < 0.8 else "",
                f"user {chance.randrange(12)}" if chance.random() < 0.7 else "",
                f"1.{int(minutes < MINUTES / 2)}.0",
                chance.choice(["production", "production", "staging", ""]),
                circumstances(by_chance, ways),
            )
            self.spans += order_spans(who, ways)

        for ran in self.spans:
            self.begin[ran.trace] = min(ran.start, self.begin.get(ran.trace, ran.start))

    def within(self, window: Window) -> list[Ran]:
        """The spans that start in the window."""
        return [ran for ran in self.spans if window.start_unix_nano <= ran.start < window.end_unix_nano]

    def expected(self, window: Window) -> dict[str, Expected]:
        """What is to be said of each kind with a failure in the window, by kind."""
        within = self.within(window)
        begun = {ran.trace for ran in within if ran.start == self.begin[ran.trace]}
        found = {}
        for kind in KINDS:
            failures = [ran for ran in within if ran.kind == kind]
            places = {(ran.service, ran.operation) for ran in failures}
            there = [ran for ran in within if (ran.service, ran.operation) in places]
            if failures:
                found[kind] = Expected(
                    failures=len(failures),
                    exposure=len(there),
                    traces=len({ran.trace for ran in failures}),
                    sessions=len({ran.session for ran in failures}),
                    users=len({ran.user for ran in failures} - {""}),
                    caused=sum(kind in ran.caused_by for ran in within),
                    sessions_begun=len({ran.session for ran in failures if ran.trace in begun}),
                    first_seen=min(ran.start for ran in self.spans if ran.kind == kind),
                    last_seen=(last := max(ran.start for ran in failures)),
                    by_environment=split(there, kind, "environment"),
                    by_release=split(there, kind, "release"),
                    ran_since=sum(ran.start > last for ran in there),
                )
        return found

    def rate(
        self, kind: str, window: Window, places: set[str], environment: str | None = None
    ) -> tuple[int, int]:
        """
        The failures of the kind in the window; the records of these operations, and its failures in others. With an
        environment, those there.
        """
        within = [ran for ran in self.within(window) if environment in (None, ran.environment)]
        failures = [ran for ran in within if ran.kind == kind]
        elsewhere = sum(ran.operation not in places for ran in failures)
        return len(failures), sum(ran.operation in places for ran in within) + elsewhere

    def hint(self, kind: str, window: Window, values: dict[str, str | None]) -> dict[str, Any]:
        """What a hint of these values, of which None is for "not set", has to say of the kind."""
        within = self.within(window)
        places = {(ran.service, ran.operation) for ran in within if ran.kind == kind}
        records = [ran for ran in within if (ran.service, ran.operation) in places]
        having = [ran for ran in records if all(ran.facts.get(name) == text for name, text in values.items())]
        failures, support = (sum(ran.kind == kind for ran in some) for some in (records, having))
        return {
            "support": support,
            "failures": failures,
            "records": len(having),
            "operation_records": len(records),
            "lift": round(support / len(having) * len(records) / failures, 2),
            "sampled": None,
        }


def split(ran_there: list[Ran], kind: str, name: str) -> dict[str, tuple[int, int]]:
    """Of these spans, the failures of the kind and all, by environment or by release."""
    found = {}
    for value in {getattr(ran, name) for ran in ran_there}:
        spans = [ran for ran in ran_there if getattr(ran, name) == value]
        found[value] = sum(ran.kind == kind for ran in spans), len(spans)
    return found


class Order(NamedTuple):
    """One order: its trace and its circumstances."""

    trace: str
    at: datetime
    session: str
    user: str
    release: str
    environment: str
    circumstances: dict[str, str | int | bool]


def circumstances(chance: random.Random, ways: tuple[str, ...]) -> dict[str, str | int | bool]:
    """What an order that fails in these ways says: what they need, and else what is usual."""
    drawn: dict[str, str | int | bool | None] = {name: chance.choice(each) for name, each in USUAL.items()}
    kinds = {WAYS[way].kind for way in ways}
    if "currency" not in kinds and drawn["cart.currency"] == "JPY":
        drawn["cart.gifts"] = 0
    for kind in sorted(kinds & CIRCUMSTANCES.keys()):
        drawn |= CIRCUMSTANCES[kind]
    return {name: value for name, value in drawn.items() if value is not None}


def order_spans(order: Order, ways: tuple[str, ...]) -> Iterator[Ran]:
    """The spans of one order that fails in these ways."""
    if "early" in ways:
        yield step(order, ROOT, 0, ways)
        return
    for number, (name, of_step) in enumerate(steps_of(ways)):
        yield step(order, name, number, of_step)


def steps_of(ways: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The steps of an order in order of time, each with the ways in which it can fail."""
    once = tuple(way for way in ways if way != "retry")
    yield ROOT, once
    yield PRICE, once
    if "retry" in ways:
        yield CURRENCY, ("retry",)
    yield CURRENCY, once
    if not {"currency", "cached"} & {*ways}:
        yield CARD, once
    yield RECEIPT, once


PARENTS = {PRICE: ROOT, CURRENCY: PRICE, CARD: ROOT, RECEIPT: ROOT}


def step(order: Order, name: str, number: int, ways: tuple[str, ...]) -> Ran:
    """One step of the order, as a span."""
    failing = [WAYS[way] for way in ways]
    own = next((way.kind for way in failing if way.step == name), "")
    messages = [way.callers[name] for way in failing if name in way.callers]
    error = KINDS[own] if own else next(iter(messages), "")
    # Spans do not say which of several failures inside made a caller fail, so it counts for each.
    inside = {way.kind for way in failing if messages and name in callers_of(way.step)}
    at = order.at + timedelta(milliseconds=3 * number) + (AHEAD if name == CARD else timedelta())
    named = {"session.id": order.session, "user.id": order.user} if name == ROOT else {}
    sent = span(
        name,
        trace=order.trace,
        id=f"{order.trace} {name} {number if name == CURRENCY else ''}",
        parent=f"{order.trace} {PARENTS[name]} " if name in PARENTS else None,
        at=at,
        error=error,
        attributes={key: value for key, value in named.items() if value} | order.circumstances,
    )
    sent["resource"] = {
        "service.name": SERVICES[name],
        "service.version": order.release,
        "deployment.environment.name": order.environment,
    }
    session = order.session or order.trace
    facts = {
        name: str(value)
        for name, value in (sent["resource"] | named | order.circumstances).items()
        if value != ""
    }
    return Ran(
        *(sent, SERVICES[name], name, unix_nano(at), order.trace, session, order.user, facts, own),
        *(frozenset(inside), order.environment, order.release),
    )


def callers_of(name: str) -> Iterator[str]:
    """The steps around a step, innermost first."""
    while name in PARENTS:
        name = PARENTS[name]
        yield name


def record_ids(spans: list[Ran]) -> set[str]:
    """The ids that the records of these spans have."""
    return {record_id(ran.sent) for ran in spans}
