"""In the server's processes SQLite locks nothing around each step, and connections still go from thread to thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, sqlite3, sys
from concurrent.futures import ThreadPoolExecutor

import _sqlite3
from loopkit import server

sqlite = ctypes.CDLL(_sqlite3.__file__)
sqlite.sqlite3_memory_used.restype = ctypes.c_int64

def used():
    connection = sqlite3.connect(sys.argv[1], check_same_thread=False)
    connection.execute("CREATE TABLE IF NOT EXISTS work (number)")
    return connection, sqlite.sqlite3_memory_used()

first, before = used()
first.close()
server.post_fork(None, None)
connection, after = used()
with ThreadPoolExecutor(4) as threads:
    for number in range(100):
        threads.submit(connection.execute, "INSERT INTO work VALUES (?)", [number]).result()
print(before > 0, after, *connection.execute("SELECT COUNT(*), SUM(number) FROM work").fetchone())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere SQLite is left as it is")
def test_sqlite_counts_no_memory_and_takes_no_locks(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "work.sqlite3")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert run.stdout.split() == ["True", "0", "100", "4950"], run.stderr
