"""The command `python -m benchmarks.ingest`: it runs, it compares with goals, and it fails where spans are missing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import processes, table
from benchmarks.cases import CASES, Figures
from benchmarks.stores import NotStored, check_rows


@pytest.mark.parametrize("stored", [2, 4])
def test_another_number_of_rows_than_acknowledged_is_an_error(tmp_path: Path, stored: int) -> None:
    file = tmp_path / "store.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as store:
        store.execute("CREATE TABLE span (id INTEGER)")
        store.executemany("INSERT INTO span VALUES (?)", [(number,) for number in range(stored)])

    with pytest.raises(NotStored, match=f"acknowledged 3 spans, span has {stored}"):
        check_rows([file], "span", 3)


def test_each_goal_says_whether_it_is_met() -> None:
    case = next(case for case in CASES if case.name == "one_span")
    figures = Figures(case.name, requests_a_second=950, p99_ms=61, peak_mib=249)

    requests, p99, memory = table.goals([(case, figures)])

    assert requests.split() == ["one_span", "950", "requests/s", ">=", "900", "met"]
    assert p99.split()[-5:] == ["ms", "<=", "60", "NOT", "MET"]
    assert memory.endswith(" met")


def test_cpu_time_and_memory_count_the_children_too() -> None:
    before = processes.cpu_seconds(os.getpid()), processes.peak_mib(os.getpid())
    burn = "sum(range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()

        after = processes.cpu_seconds(os.getpid()), processes.peak_mib(os.getpid())
        child.communicate(b"\n")

    assert child.pid not in processes.tree(os.getpid())
    assert after[0] - before[0] >= 0.02
    assert after[1] - before[1] > 5
