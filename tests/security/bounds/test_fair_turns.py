"""Turns for heavy requests go round: who loops, with however many projects or networks, keeps nobody waiting long."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from loopkit.http.errors import Unavailable
from tenants.limits import turn_order
from tenants.limits.heavy_runs import HeavyRun, Line
from tenants.limits.turn_order import TurnOrder, parties

TURN_SECONDS = 0.02
PLACES = 3  # of a process: one runs, two wait
Who = tuple[str, str, str]  # tenant, network, project

MANY_SANDBOXES = [("sandbox", "net", f"p{n}") for n in range(30)]
MANY_NETWORKS = [("sandbox", f"net{n}", "p") for n in range(30)]
MANY_PROJECTS = [("large", f"net{n}", f"p{n}") for n in range(30)]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """A machine of one slot, on which nobody had a turn."""
    settings.LOOPKIT_DATA_DIR, settings.LOOPKIT_THREADS = tmp_path, 8
    return tmp_path


def run_of(who: Who, origin: str = "") -> HeavyRun:
    """A request of theirs whose client waits."""
    return HeavyRun(*who, (origin or who[2], "/v1/runs/diagnose"), lambda: False)


@pytest.mark.parametrize("crowd", [MANY_SANDBOXES, MANY_NETWORKS, MANY_PROJECTS])
@pytest.mark.parametrize("other", [("sandbox", "home", "mine"), ("small", "home", "mine")])
def test_many_of_one_kind_get_no_more_turns_than_one_other(crowd: Sequence[Who], other: Who) -> None:
    order, had = TurnOrder(0.0), list[Who]()
    everybody = {str(number): who for number, who in enumerate([*crowd, other])}
    for turn in range(100):
        order.now = 1.0 + turn
        for ticket, who in everybody.items():  # all of them always wait
            order.see(ticket, parties(*who), 0.0, is_blocked=False)
        (ticket,) = filter(order.is_next, everybody)
        order.begin(ticket, parties(*everybody[ticket]))
        had.append(everybody[ticket])

    turns = [turn for turn, who in enumerate(had) if who == other]
    assert max(later - before for before, later in pairwise(turns)) <= 2


@contextmanager
def looping(line: Line, crowd: Sequence[Who], each: int, had: list[Who]) -> Iterator[None]:
    """So many threads for each of the crowd ask for turns as soon as they had one, or were refused."""
    ends = threading.Event()

    def loop(who: Who) -> None:
        while not ends.is_set():
            run = run_of(who)
            if line.is_full_for(run.origin):
                ends.wait(0.005)
                continue
            with suppress(Unavailable):
                take_turn(line, run, had)

    threads = [threading.Thread(target=loop, args=(who,)) for who in crowd for _ in range(each)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def take_turn(line: Line, run: HeavyRun, had: list[Who]) -> None:
    """Run for a moment. Raises Unavailable without a turn."""
    line.enter(run)
    had.append((run.tenant_id, run.network, run.project_id))
    time.sleep(TURN_SECONDS)
    line.leave(run)


def turns_until_served(line: Line, who: Who, had: list[Who]) -> int:
    """How many turns others have until one who asks again a while after each refusal has one."""
    before = len(had)
    while True:
        with suppress(Unavailable):
            take_turn(line, run_of(who), [])
            return len(had) - before
        time.sleep(TURN_SECONDS)


@pytest.mark.parametrize("projects", [2, 8])
@pytest.mark.parametrize("lines", [1, 2])
def test_one_who_asks_now_and_then_waits_for_two_rounds_at_most(projects: int, lines: int) -> None:
    """Several lines of one process stand for several processes: the locks between them are the same."""
    workers = [Line() for _ in range(lines)]
    crowd = [("sandbox", f"net{n}", f"looping{n}") for n in range(projects)]
    had: list[Who] = []
    waited = []
    with looping(workers[0], crowd, 4, had), looping(workers[-1], crowd, 4, had):
        while not had:
            time.sleep(TURN_SECONDS)
        for number in range(6):
            waited.append(turns_until_served(workers[number % lines], ("sandbox", "home", "mine"), had))
            time.sleep(5 * TURN_SECONDS)

    assert max(waited) <= 2 * projects
    counts = Counter(had)
    assert set(counts) == set(crowd)
    assert min(counts.values()) >= max(counts.values()) / 3


def full_line(who: Who) -> tuple[Line, list[threading.Thread], list[str]]:
    """A line of which every place is taken: by these, and another project of their network."""
    line, outcomes = Line(), list[str]()

    def ask(run: HeavyRun) -> None:
        try:
            line.enter(run)
            time.sleep(0.5)
            line.leave(run)
            outcomes.append(f"{run.project_id} ran")
        except Unavailable as error:
            outcomes.append(f"{run.project_id} {error.code}")

    runs = [run_of(who), run_of(who), run_of((*who[:2], "second"))]
    threads = [threading.Thread(target=ask, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    return line, threads, outcomes


def test_a_newcomer_takes_the_place_of_one_that_would_come_later() -> None:
    line, threads, outcomes = full_line(("sandbox", "net", "first"))
    newcomer, again = run_of(("sandbox", "home", "mine")), run_of(("sandbox", "net", "third"))

    assert not line.is_full_for(newcomer.origin)
    line.enter(newcomer)
    line.leave(newcomer)
    assert line.is_full_for(again.origin) is False  # not known yet
    for thread in threads:
        thread.join()
    assert outcomes[0] == "first busy"
    assert sorted(outcomes[1:]) == ["first ran", "second ran"]


def has_a_turn(who: Who) -> bool:
    """Whether a request of theirs has its turn within seconds."""
    line, run = Line(), run_of(who)
    line.enter(run)
    line.leave(run)
    return True


def test_a_process_that_died_while_it_waited_holds_nobody_up() -> None:
    has_a_turn(("t", "home", "mine"))
    with turn_order.opened() as order:
        order.see("gone", parties("other", "net", "p"), order.now, is_blocked=False)
    begun = time.monotonic()

    assert has_a_turn(("t", "home", "mine"))
    assert time.monotonic() - begun >= turn_order.STALE_SECONDS / 2  # it had its chance


@pytest.mark.parametrize(
    "content", [b"", b'{"turns": {"a"', b"[]", b'{"turns": {"a": "x"}, "waiting": {}}', b"\x00" * 9]
)
def test_half_a_file_is_none(data_dir: Path, content: bytes) -> None:
    (data_dir / "locks").mkdir()
    (data_dir / "locks" / "turns").write_bytes(content)

    assert has_a_turn(("t", "home", "mine"))
    with turn_order.opened() as order:
        assert len(order.turns) == 3


def test_where_no_file_can_be_made_requests_run_all_the_same(data_dir: Path) -> None:
    (data_dir / "locks").write_bytes(b"no folder")

    assert has_a_turn(("t", "home", "mine"))


def test_the_file_stays_small_and_names_nobody(data_dir: Path) -> None:
    for number in range(400):
        with turn_order.opened() as order:
            order.begin("ticket", parties("tenant", "203.0.113.7", f"project-{number}"))

    content = (data_dir / "locks" / "turns").read_bytes()
    assert len(content) < 20_000
    assert not any(name in content for name in (b"tenant", b"203.0.113", b"project-"))
