"""Clients under a fault: several connections that send to one project, remember every answer, and send again."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.batches import SIZES, Batch, batch
from tests.faults.client import CUT, PATIENCE, Client, Outcome

PAUSE = 0.2  # seconds before the same is sent again: a harder client than Retry-After asks for


@dataclass
class Load:
    """Sends while its block runs. What was acknowledged, and when, is read afterwards or meanwhile."""

    port: int
    key: str
    connections: int = 4
    sizes: Sequence[int] = SIZES
    seed: str = ""
    pause: float = 0  # seconds between requests
    answers: Counter[str] = field(default_factory=Counter)
    acknowledged: set[bytes] = field(default_factory=set)
    unanswered: list[Batch] = field(default_factory=list)  # sent at least once and never acknowledged
    uncertain: set[bytes] = field(default_factory=set)  # may be stored or not
    wrong: set[str] = field(default_factory=set)  # what no client should see
    messages: set[str] = field(default_factory=set)  # of refusals
    successes: list[tuple[float, float]] = field(default_factory=list)  # when each came, its seconds
    slowest: float = 0
    known: int = 0  # requests that were stored already when they were sent again: cut after the commit

    def __enter__(self) -> Load:
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.send, args=(n,)) for n in range(self.connections)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *failure: Any) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout=PATIENCE + 10)
        assert not any(thread.is_alive() for thread in self.threads), "a client still waits"

    def send(self, number: int) -> None:
        """One connection. Every second one never repeats what was cut: were half of it stored, it would show."""
        chance = random.Random(f"{self.seed} {number}")
        client = Client(self.port, self.key)
        while not self.stop.is_set():
            one = batch(chance, self.seed, chance.choice(self.sizes))
            if not self.delivered(client, one, gives_up=number % 2 == 1):
                self.unanswered.append(one)
            self.stop.wait(self.pause)
        client.close()

    def delivered(self, client: Client, one: Batch, *, gives_up: bool) -> bool:
        """Whether the batch was acknowledged, after as many attempts as it takes."""
        while True:
            outcome = client.post(one.body)
            self.note(outcome)
            if outcome.is_success:
                self.acknowledged |= one.keys
                return True
            if self.stop.wait(PAUSE) or (gives_up and outcome.answer == CUT):
                return False

    def note(self, outcome: Outcome) -> None:
        """Count the answer."""
        self.answers[outcome.answer] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        if outcome.wrong or outcome.rejected:
            self.wrong.add(outcome.wrong or outcome.message)
        if outcome.is_success:
            self.successes.append((time.monotonic(), outcome.seconds))
            self.known += outcome.duplicates > 0
        else:
            self.messages.add(outcome.message)

    def leave_out(self, keys: set[bytes]) -> None:
        """Do not count these spans as acknowledged; they may be stored or not."""
        self.uncertain |= keys
        self.acknowledged = self.acknowledged - keys

    def wait_for(self, successes: int, seconds: float = 30) -> None:
        """Until that many more requests were acknowledged."""
        goal, deadline = len(self.successes) + successes, time.monotonic() + seconds
        while len(self.successes) < goal:
            assert time.monotonic() < deadline, f"no {successes} successes in {seconds} s: {self.answers}"
            time.sleep(0.01)

    def wait_for_answer(self, answer: str, seconds: float = 30) -> None:
        """Until somebody was answered that."""
        deadline = time.monotonic() + seconds
        while not self.answers[answer]:
            assert time.monotonic() < deadline, f"no {answer} in {seconds} s: {self.answers}"
            time.sleep(0.01)

    def recovery_after(self, moment: float, seconds: float = 60) -> float:
        """Seconds from that moment to the next acknowledgement; waits for it."""
        deadline = time.monotonic() + seconds
        while not (later := [at for at, _ in self.successes[-200:] if at > moment]):
            assert time.monotonic() < deadline, f"no success within {seconds} s: {self.answers}"
            time.sleep(0.01)
        return later[0] - moment

    def p99(self, start: float, end: float) -> float:
        """The 99th percentile of the seconds of successes that came in between."""
        taken = [seconds for at, seconds in self.successes if start <= at <= end]
        return statistics.quantiles(taken, n=100)[98] if len(taken) > 1 else 0
