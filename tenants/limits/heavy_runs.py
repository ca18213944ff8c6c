"""
Turns for heavy requests, such as a diagnosis: each process does one at a time, and a few more wait for their turn.

Python runs one thread at a time. Several diagnoses at once end no sooner than one after the other, and meanwhile
everything else in the process waits for all of them. A request that waits holds a thread, so only a few may: the
others get 503 at once, and ingest and `/health` find a free thread. In all processes of a machine together, one core
stays free (machine_locks.py), and a project has one heavy request at a time, so that one of two equal ones can answer
from what the other stored.

Turns, and places to wait, go to those who have had no turn for longest (turn_order.py): a request that comes to a full
line takes the place of one that would come after it, and that one gets the 503.

Between two steps the running request also makes way: while other requests of its process are being answered, it rests
for as long as it worked at most, so that it takes at most twice as long and they hardly notice it.

A request whose client closed the connection is given up: `checkpoint` raises Unavailable between two steps, and
tenants/stores/interruption.py ends a long statement.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from loopkit.http.errors import Unavailable
from tenants.limits.machine_locks import HeavyLocks
from tenants.limits.turn_order import Parties, parties

MOST_WAITING = 2  # requests of a process that wait for their turn
MOST_OF_A_PROJECT = 2  # requests of one project in a process: one runs, one waits
MOST_KNOWN = 1000  # origins
PATIENCE = 10.0  # seconds to wait for one's turn
STEP = 0.05  # seconds between two attempts
REST_STEP = 0.001
LOOK_SECONDS = 0.2  # between two looks at whether the client is still there
REST_SECONDS = 0.02  # to make way for others, at most at once
RETRY_AFTER_SECONDS = 5
# Seconds after which a thread that computes must let the others of its process go on. Python's default is ten times as
# long, and each request gives up its turn several times. https://docs.python.org/3/library/sys.html#sys.setswitchinterval
SWITCH_SECONDS = 0.0005


def busy() -> Unavailable:
    """The error of a request that finds no place."""
    return Unavailable(
        "busy",
        "Too many diagnoses and other heavy requests are running or waiting.",
        "Send the same request again after Retry-After seconds, one at a time for each project.",
        RETRY_AFTER_SECONDS,
    )


def client_gone() -> Unavailable:
    """The error of a request whose client closed the connection, or its sending half, before the answer was there."""
    return Unavailable(
        "client_gone",
        "The connection, or its sending half, was closed before the answer was there.",
        "Send the same request again, and keep both halves of the connection open until the answer is there.",
        RETRY_AFTER_SECONDS,
    )


@dataclass(slots=True, eq=False)
class HeavyRun:
    """
    One heavy request: its tenant, network and project, its credential and path as they were sent, and whether its
    client has left.
    """

    tenant_id: str
    network: str
    project_id: str
    origin: tuple[str, str]
    client_has_left: Callable[[], bool]
    looked_at: float = 0.0
    rested_at: float = 0.0
    is_given_up: bool = False
    is_displaced: bool = False
    locks: HeavyLocks = field(init=False)

    def __post_init__(self) -> None:
        self.locks = HeavyLocks(self.project_id, parties(self.tenant_id, self.network, self.project_id))

    @property
    def whose(self) -> Parties:
        """Its tenant, network and project, as turns are counted."""
        return self.locks.whose

    def make_way(self) -> None:
        """Rest while this process answers other requests, for as long as this one worked since its last rest."""
        began = time.monotonic()
        ends = began + min(began - self.rested_at, REST_SECONDS)
        while line.others() > 0 and time.monotonic() < ends:
            time.sleep(REST_STEP)
        self.rested_at = time.monotonic()

    def look(self) -> bool:
        """Whether the request is given up, by a look at its connection every LOOK_SECONDS."""
        now = time.monotonic()
        if now - self.looked_at >= LOOK_SECONDS:
            self.looked_at = now
            self.is_given_up = self.is_given_up or self.client_has_left()
        return self.is_given_up


class Line:
    """The heavy requests of a process: the one that runs, and those that wait."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running: HeavyRun | None = None
        self.waiting: list[HeavyRun] = []
        self.requests: set[int] = set()  # the threads of all requests that are being answered
        self.turns: dict[str, float] = {}  # the last ones on the machine, when last looked at
        self.known: OrderedDict[tuple[str, str], Parties] = (
            OrderedDict()
        )  # by origin, of those that came lately

    def others(self) -> int:
        """The number of requests that are being answered and are not heavy."""
        return len(self.requests) - len(self.waiting) - 1

    def is_full_for(self, origin: tuple[str, str]) -> bool:
        """Whether such a request is certain to be refused, as far as that can be told without looking up its key."""
        runs = self.all_runs()
        if sum(run.origin == origin for run in runs) >= MOST_OF_A_PROJECT:
            return True
        whose = self.known.get(origin)
        return whose is not None and len(runs) > most_waiting() and self.last_behind(whose, runs) is None

    def all_runs(self) -> list[HeavyRun]:
        """The requests that run or wait."""
        waiting = [run for run in self.waiting if not run.is_displaced]
        return [*waiting, *([self.running] if self.running else [])]

    def last_behind(self, whose: Parties, runs: Iterable[HeavyRun]) -> HeavyRun | None:
        """Of these, the one that waits and comes last, if that is behind a new request of these parties."""
        waiting = (run for run in runs if run is not self.running)
        last = max(waiting, key=lambda run: run.whose.rank(self.turns), default=None)
        return last if last and last.whose.rank(self.turns) > whose.rank(self.turns) else None

    def enter(self, run: HeavyRun) -> None:
        """Wait for the turn of this request. Raises Unavailable if there is no place or the client left."""
        with self.changed:
            self.remember(run)
            self.make_place(run)
            self.waiting.append(run)
            try:
                self.wait_for_turn(run)
            finally:
                self.waiting.remove(run)

    def remember(self, run: HeavyRun) -> None:
        """Know such requests before they are looked at, from now on. The caller holds `changed`."""
        self.known[run.origin] = run.whose
        self.known.move_to_end(run.origin)
        while len(self.known) > MOST_KNOWN:
            self.known.popitem(last=False)

    def make_place(self, run: HeavyRun) -> None:
        """
        Let the last one that waits make place where there is none.

        Raises Unavailable if this request comes last itself, or its project has its share. The caller holds `changed`.
        """
        runs = self.all_runs()
        if sum(other.project_id == run.project_id for other in runs) >= MOST_OF_A_PROJECT:
            raise busy()
        if len(runs) <= most_waiting():
            return
        last = self.last_behind(run.whose, runs)
        if last is None:
            raise busy()
        last.is_displaced = True
        self.changed.notify_all()

    def wait_for_turn(self, run: HeavyRun) -> None:
        """Let the request run once none of this process or of this project does. The caller holds `changed`."""
        ends = time.monotonic() + PATIENCE
        try:
            while not run.locks.take(is_process_free=self.running is None):
                self.turns = run.locks.turns
                if run.look():
                    raise client_gone()
                if run.is_displaced or time.monotonic() > ends:
                    raise busy()
                self.changed.wait(STEP)
        except Unavailable:
            run.locks.give_up()
            raise
        self.running, self.turns = run, run.locks.turns

    def leave(self, run: HeavyRun) -> None:
        """End the turn of this request."""
        with self.changed:
            self.running = None
            run.locks.end_turn({other.locks.ticket for other in self.waiting})
            self.changed.notify_all()


line = Line()
_current = threading.local()


def most_waiting() -> int:
    """The number of requests that may wait: at least two threads are left for everything else where there are four."""
    return max(0, min(MOST_WAITING, settings.LOOPKIT_THREADS - 2))


def origin(environ: Mapping[str, Any]) -> tuple[str, str]:
    """The credential (a key or a browser's cookies) and the path of a request, as its WSGI environment has them."""
    credential = environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_COOKIE", "")
    return str(credential), str(environ.get("PATH_INFO", ""))


@contextmanager
def turn(run: HeavyRun) -> Iterator[None]:
    """Run the block as the process's heavy request, after waiting for its turn. Raises Unavailable without a turn."""
    line.enter(run)
    _current.run = run
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        _current.run = None
        line.leave(run)


def current_run() -> HeavyRun | None:
    """The heavy request that this thread runs."""
    return getattr(_current, "run", None)


def is_given_up() -> bool:
    """Whether this thread runs a heavy request that was given up."""
    run = current_run()
    return run is not None and run.is_given_up


def checkpoint() -> None:
    """Make way for other requests. Raises Unavailable if this thread's heavy request is given up."""
    run = current_run()
    if run is None:
        return
    run.make_way()
    if run.look():
        raise client_gone()
