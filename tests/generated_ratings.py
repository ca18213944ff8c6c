"""
What users say of the orders of a generated program: `Ratings(program)` has their signals and knows what counts.

Users rate an order, a session, or an order that never arrives, and some change their mind. What is expected is counted
from what was drawn, and from no code of the product.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from telemetry.windows import Window
from tests.generated_program import Program, Ran
from tests.telemetry.factory import trace_id

SIGNALS, SECOND = 60, 10**9
LISTED = 20  # traces that an issue names


class Said(NamedTuple):
    """One version of a signal."""

    feedback_id: str
    rating: str
    at: int  # unix nanoseconds
    trace: str  # the name of the order, "" for a signal about a session
    session: str
    user: str

    @property
    def body(self) -> dict[str, str]:
        """It as a request."""
        when = datetime.fromtimestamp(self.at / SECOND, UTC).isoformat()
        body = {"feedback_id": self.feedback_id, "rating": self.rating, "time": when, "user_id": self.user}
        about = {"trace_id": trace_id(self.trace)} if self.trace else {"session_id": self.session}
        return {name: value for name, value in (body | about).items() if value}


class Rated(NamedTuple):
    """What a signal is about, as the program knows it."""

    service: str | None
    session: str
    user: str
    traces: frozenset[str]  # names


@dataclass
class Ratings:
    """All signals about a program's orders."""

    program: Program
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.program.seed + 1000)
        orders = sorted(self.program.begin)
        for number in range(SIGNALS):
            trace = chance.choice(orders)
            session = self.spans_of(trace)[0].session
            if chance.random() < 0.3 and session != trace:
                trace = ""
            elif chance.random() < 0.1:
                trace, session = f"nowhere {number}", ""
            begin = min(self.program.begin.get(trace, 0) or min(self.program.begin.values()), 2**62)
            at = begin // SECOND * SECOND + chance.randrange(60, 1200) * SECOND
            user = chance.choice(["", "", "rater"])
            for version in range(chance.choice([1, 1, 2, 3])):
                rating = chance.choice(["down", "down", "up"])
                said = Said(f"f {number}", rating, at + version * 7 * SECOND, trace, session, user)
                self.said.append(said)

    def spans_of(self, trace: str) -> list[Ran]:
        """The spans of an order."""
        return [ran for ran in self.program.spans if ran.trace == trace]

    def send(self, order: str, say: Callable[[dict[str, str]], None], store: Callable[[], None]) -> None:
        """Send all signals and the spans: after the spans, before them, or some before and some after."""
        arriving = sorted(self.said, key=lambda said: said.at)
        if order == "shuffled":
            random.Random(self.program.seed).shuffle(arriving)
        if order == "backwards":
            arriving.reverse()
        early = {"in order": 0, "shuffled": len(arriving) // 2, "backwards": len(arriving)}[order]
        for said in arriving[:early]:
            say(said.body)
        store()
        for said in arriving[early:]:
            say(said.body)

    def rated(self, said: Said) -> Rated:
        """What a signal is about."""
        if said.trace:
            spans, traces = self.spans_of(said.trace), frozenset({said.trace})
        else:
            spans = [ran for ran in self.program.spans if ran.session == said.session]
            traces = frozenset(ran.trace for ran in spans if self.program.begin[ran.trace] <= said.at)
        return Rated(
            min((ran.service for ran in spans), default=None),
            spans[0].session if spans else said.trace,
            min((ran.user for ran in spans if ran.user), default=said.user),
            traces,
        )

    def counting(self, window: Window) -> list[Said]:
        """The latest version of each signal, of those in the window."""
        latest: dict[str, Said] = {}
        for said in sorted(self.said, key=lambda said: said.at):
            latest[said.feedback_id] = said
        return [said for said in latest.values() if window.start_unix_nano <= said.at < window.end_unix_nano]

    def expected(self, window: Window) -> dict[str | None, dict[str, Any]]:
        """What is to be said of each service with a bad rating in the window."""
        counting = [(said, self.rated(said)) for said in self.counting(window)]
        return {
            service: self.of_service([pair for pair in counting if pair[1].service == service], window)
            for service in {rated.service for said, rated in counting if said.rating == "down"}
        }

    def of_service(self, counting: list[tuple[Said, Rated]], window: Window) -> dict[str, Any]:
        """What is to be said of one service."""
        bad = [rated for said, rated in counting if said.rating == "down"]
        traces = frozenset().union(*(rated.traces for rated in bad))
        return {
            "ratings": {
                "bad": len(bad),
                "all": len(counting),
                "pending": sum(rated.service is None for rated in bad),
            },
            "traces": len(traces),
            "sessions": len({rated.session for rated in bad}),
            "users": len({rated.user for rated in bad} - {""}),
            "listed": (min(len(traces), LISTED), frozenset(map(trace_id, traces))),
            "shared": self.shared(traces, window),
        }

    def shared(self, traces: frozenset[str], window: Window) -> dict[str, tuple[int, int]]:
        """For each kind of failure, how many of these orders failed that way in the window, and of how many."""
        kinds: dict[str, set[str]] = {}
        for ran in self.program.within(window):
            if ran.kind:
                kinds.setdefault(ran.kind, set()).add(ran.trace)
        return {
            kind: (len(failed & traces), len(failed)) for kind, failed in kinds.items() if failed & traces
        }
