"""Processes that begin at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = """
import sys

name = sys.argv[1]


def wait_for_the_others():
    print("ready", flush=True)
    sys.stdin.readline()
"""


def race(code: str, names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run the code in a process of its own for each name; at `wait_for_the_others()` they start together."""
    racers = [racer(code, name, environment) for name in names]
    for process in racers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in racers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in racers:
        process.communicate(timeout=60)
    assert [process.returncode for process in racers] == [0] * len(racers)


def racer(code: str, name: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """One process, up to its starting line."""
    return subprocess.Popen(
        [sys.executable, "-c", START + code, name],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "loopkit.settings"} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
