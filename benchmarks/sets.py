"""Figures of labelled sets, a set after the other: which are asked for, the goals they meet, how they are printed."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Goals = dict[str, tuple[str, float]]  # by the figure: ">=" or "<=", and the bound
Measured = dict[str, Any]


def parser(about: str | None, names: Iterable[str]) -> argparse.ArgumentParser:
    """What both commands are asked."""
    made = argparse.ArgumentParser(description=about)
    made.add_argument("--data", type=Path, required=True)
    made.add_argument("--half", default="dev")
    made.add_argument("--set", action="extend", choices=sorted(names), dest="sets", default=None, nargs="+")
    made.add_argument("--json", action="store_true")
    return made


def meets(value: float, sign: str, bound: float) -> bool:
    """Whether the value is on the right side of the goal."""
    return value >= bound if sign == ">=" else value <= bound


def run(
    names: Iterable[str],
    measure: Callable[[str], Measured],
    shown: Callable[[str, Measured], str],
    *,
    as_json: bool,
) -> None:
    """
    Measure each set and print it at once, or all of them as JSON at the end.

    Args:
        measure: the figures of a set, empty without its data; seconds of CPU time are added.
    """
    found = {}
    for name in names:
        start = time.process_time()
        figures = measure(name)
        found[name] = figures and figures | {"seconds": round(time.process_time() - start, 1)}
        if not as_json:
            print(shown(name, found[name]), flush=True)
    if as_json:
        print(json.dumps(found, indent=1))
