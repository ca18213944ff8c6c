"""
Whose turn is next among the heavy requests of all processes of a machine: theirs who have had none for longest.

Tenants come first, so that one with many projects gets no more than one with a single project. Within a tenant the more
recent turn of network and project counts: neither many projects of one network, such as sandboxes, nor many networks
with one key get more than others. It is round robin in three levels, so that each waits for one turn of each other:
https://en.wikipedia.org/wiki/Fair_queuing

A file says who had a turn when, and who waits, by digests. Times are those of the monotonic clock, which all
processes of a machine share; whoever was not seen for STALE_SECONDS waits no longer, as its process has ended.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings

SEEN_SECONDS, STALE_SECONDS = 0.1, 0.4
REMEMBERED, REMEMBERED_SECONDS = 300, 600.0  # parties whose last turn is known, and for how long
ATTEMPTS, ATTEMPT_SECONDS = 20, 0.001  # to open the file, which nobody holds for longer than that
Rank = tuple[float, float, float]


def digest(kind: str, name: str) -> str:
    """A short name for the file, which shows no address."""
    return hashlib.blake2b(f"{kind} {name}".encode(errors="replace"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Parties:
    """Those on whose behalf a request is made, by digests."""

    tenant: str
    network: str
    project: str

    def rank(self, turns: Mapping[str, float]) -> Rank:
        """What decides whose turn is next, the least first, by the times of the last turns."""
        tenant, network, project = (
            turns.get(name, 0.0) for name in (self.tenant, self.network, self.project)
        )
        return tenant, max(network, project), project


def parties(tenant_id: str, network: str, project_id: str) -> Parties:
    """The parties of these names."""
    return Parties(digest("tenant", tenant_id), digest("network", network), digest("project", project_id))


@dataclass(slots=True)
class Waiting:
    """A request that waits, as the file has it."""

    parties: Parties
    arrived: float
    seen: float
    is_blocked: bool = False  # by another request of its project or of its process


@dataclass(slots=True)
class TurnOrder:
    """What the file says."""

    now: float
    turns: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    is_changed: bool = False

    def see(self, ticket: str, whose: Parties, arrived: float, is_blocked: bool) -> None:
        """Take note that this request, which came at that time, waits."""
        known = self.waiting.get(ticket)
        if known and known.is_blocked == is_blocked and self.now - known.seen < SEEN_SECONDS:
            return
        self.waiting[ticket] = Waiting(whose, arrived, self.now, is_blocked)
        self.is_changed = True

    def is_next(self, ticket: str) -> bool:
        """Whether no other request that could run goes before this one."""
        able = (name for name, one in self.waiting.items() if not one.is_blocked or name == ticket)
        return min(able, key=self.place, default=ticket) == ticket

    def place(self, ticket: str) -> tuple[Rank, float, str]:
        """Where a request that waits stands, the least first."""
        one = self.waiting[ticket]
        return one.parties.rank(self.turns), one.arrived, ticket

    def begin(self, ticket: str, whose: Parties) -> None:
        """The turn of this request begins."""
        self.forget(ticket)
        self.turns |= dict.fromkeys((whose.tenant, whose.network, whose.project), self.now)
        self.is_changed = True

    def forget(self, ticket: str) -> None:
        """This request does not wait any more."""
        self.is_changed = self.waiting.pop(ticket, None) is not None or self.is_changed

    def unblock(self, tickets: set[str], project: str) -> None:
        """A turn ended: nothing blocks those requests of its process, and those of its project."""
        for ticket, one in self.waiting.items():
            if one.is_blocked and (ticket in tickets or one.parties.project == project):
                one.is_blocked, self.is_changed = False, True


@contextmanager
def opened() -> Iterator[TurnOrder]:
    """
    The order, for this process alone, stored afterwards.

    Raises BlockingIOError if another process holds it, another OSError if the disk allows no file.
    """
    folder = settings.LOOPKIT_DATA_DIR / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "turns").open("a+b") as file:
        lock(file)
        file.seek(0)
        order = parsed(file.read(), time.monotonic())
        yield order
        if order.is_changed:
            file.truncate(0)
            file.write(stored(order))


def lock(file: Any) -> None:
    """Lock the file. Raises BlockingIOError if another process holds it for long, as one that was stopped does."""
    for _ in range(ATTEMPTS):
        with suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(ATTEMPT_SECONDS)
    raise BlockingIOError


def parsed(content: bytes, now: float) -> TurnOrder:
    """The order in a file, without what is over; an empty one for anything else, such as half a file."""
    try:
        document = orjson.loads(content)
        turns = {str(name): float(at) for name, at in document["turns"].items()}
        waiting = {
            str(ticket): Waiting(Parties(*map(str, names)), float(arrived), float(seen), bool(is_blocked))
            for ticket, (names, arrived, seen, is_blocked) in document["waiting"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return TurnOrder(now)
    # The clock begins anew with the machine: what is ahead of it is from before.
    return TurnOrder(
        now,
        {name: at for name, at in turns.items() if 0 <= now - at < REMEMBERED_SECONDS},
        {ticket: one for ticket, one in waiting.items() if 0 <= now - one.seen < STALE_SECONDS},
    )


def stored(order: TurnOrder) -> bytes:
    """The file's content."""
    newest = sorted(order.turns.items(), key=lambda item: item[1])[-REMEMBERED:]
    waiting = {
        ticket: ((one.parties.tenant, one.parties.network, one.parties.project), one.arrived, one.seen, one.is_blocked)
        for ticket, one in order.waiting.items()
    }  # fmt: skip
    return orjson.dumps({"turns": dict(newest), "waiting": waiting})
