"""Requests that wait for one store share a transaction."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import pytest
from django.db import OperationalError

from telemetry.store import group_commit
from telemetry.store.batch import Batch, Receipt


def batch(number: int) -> Batch:
    """An empty batch that can be told from others."""
    return Batch([], [], Counter(), Counter(), None, number)


class Store:
    """A store that is slow until it is let go, and remembers its transactions."""

    def __init__(self, fault: Exception | None = None, culprit: int = -1) -> None:
        self.go, self.entered = threading.Event(), threading.Event()
        self.transactions: list[list[int]] = []
        self.fault, self.culprit = fault, culprit

    def write(self, batches: list[Batch]) -> list[Receipt]:
        """One transaction."""
        self.entered.set()
        assert self.go.wait(5)
        numbers = [one.now_unix_nano for one in batches]
        self.transactions.append(numbers)
        if self.fault and self.culprit in numbers:
            raise self.fault
        return [Receipt(accepted=number) for number in numbers]


def sent(store: Store, name: str) -> dict[int, int | Exception]:
    """What five senders got: the first one writes while the others come."""
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(group_commit.commit_together, name, batch(0), nullcontext, store.write)
        assert store.entered.wait(5)
        others = {
            n: pool.submit(group_commit.commit_together, name, batch(n), nullcontext, store.write)
            for n in range(1, 5)
        }
        while len(group_commit._lines[name].waiting) < 4:
            time.sleep(0.001)
        store.go.set()
    answers = {0: first, **others}
    return {
        n: answer.exception() or answer.result().accepted  # type: ignore[misc]
        for n, answer in answers.items()
    }


def test_those_that_wait_are_written_together_and_each_gets_its_own_receipt() -> None:
    store = Store()

    answers = sent(store, "shared")

    assert answers == {n: n for n in range(5)}
    assert [sorted(numbers) for numbers in store.transactions] == [[0], [1, 2, 3, 4]]


def test_a_batch_that_cannot_be_written_fails_alone() -> None:
    fault = ValueError("a number that no column holds")

    answers = sent(Store(fault, culprit=3), "poisoned")

    assert answers == {0: 0, 1: 1, 2: 2, 3: fault, 4: 4}


def test_a_failing_store_is_asked_once_for_all() -> None:
    store = Store(fault := OperationalError("disk full"), culprit=2)

    answers = sent(store, "full")

    assert answers == {0: 0, 1: fault, 2: fault, 3: fault, 4: fault}
    assert len(store.transactions) == 2


@pytest.mark.parametrize("rows", [group_commit.MOST_ROWS, 10 * group_commit.MOST_ROWS])
def test_a_large_batch_is_written_alone(rows: int) -> None:
    line = group_commit.CommitQueue()
    large = Batch([None] * rows, [], Counter(), Counter(), None, 0)  # type: ignore[list-item]
    for one in (large, batch(1), batch(2)):
        line.waiting.append((one, group_commit.Future()))

    taken = [[found.now_unix_nano for found, _ in line.take()] for _ in range(2)]

    assert taken == [[0], [1, 2]]


@contextmanager
def never_had() -> Iterator[None]:
    """A lock that somebody else holds for longer than a thread waits for its turn."""
    time.sleep(0.2)
    raise OperationalError("database is locked")
    yield


def test_a_store_that_is_stuck_holds_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.02)
    store = Store()

    def refused(number: int) -> float:
        start = time.monotonic()
        with pytest.raises(OperationalError, match="locked"):
            group_commit.commit_together("stuck", batch(number), never_had, store.write)
        return time.monotonic() - start

    with ThreadPoolExecutor(4) as pool:
        took = sorted(pool.map(refused, range(4)))

    assert [seconds > 0.1 for seconds in took] == [False, False, False, True]
    assert not group_commit._lines["stuck"].waiting
    assert store.transactions == []
