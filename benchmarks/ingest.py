"""
How fast spans are stored: `python -m benchmarks.ingest [--runs 5] [--case NAME ...] [--quick] [--json]`.

Starts the real server, drives it over keep-alive connections from two processes, and counts the store afterwards:
what was acknowledged must be stored, once, or it fails. Each rate stands beside the ceiling (ceiling.py), measured
in the same run on the same gunicorn, because machines differ and the ratio does not. docs/benchmarks.md explains
the columns.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from benchmarks import cold_start, measure, table, ten_million
from benchmarks.cases import CASES, COLD_START, TEN_MILLION, Case, Figures

BY_NAME = {case.name: case for case in (*CASES, COLD_START, TEN_MILLION)}
BY_DEFAULT = [case.name for case in (*CASES, COLD_START)]


def figures(case: Case, folder: Path, options: argparse.Namespace) -> Figures:
    """One case in a folder of its own."""
    if case.name == COLD_START.name:
        return cold_start.measure(case, folder)
    if case.name == TEN_MILLION.name:
        return ten_million.measure(case, folder, options.millions)
    return measure.measure(case, folder, options.runs)


def measured(cases: Iterable[Case], options: argparse.Namespace) -> list[table.Measured]:
    """All cases one after the other, shown as they come."""
    found = []
    for case in cases:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            (Path(folder) / "loopkit").mkdir()
            found.append((case, figures(case, Path(folder), options)))
        if not options.json:
            print(table.row(found[-1][1]), flush=True)
    return found


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of each case; the median counts")
    parser.add_argument("--case", nargs="+", default=BY_DEFAULT, choices=BY_NAME, metavar="NAME")
    parser.add_argument("--millions", type=float, default=10, help="of records, in the case ten_million")
    parser.add_argument("--folder", type=Path, help="where the stores lie: the disk that is measured")
    parser.add_argument("--quick", action="store_true", help="one small run: shows that it works")
    parser.add_argument("--json", action="store_true", help="print figures for machines")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    """The table, and how far the goals are."""
    options = arguments(given)
    cases = [BY_NAME[name] for name in options.case]
    if options.quick:
        cases, options.runs = [case.quick() for case in cases], 1
    if not options.json:
        print(", ".join(f"{name} {value}" for name, value in table.machine().items()))
        print(table.heading(), flush=True)
    found = measured(cases, options)
    if options.json:
        print(orjson.dumps(table.as_json(found), option=orjson.OPT_INDENT_2).decode())
    else:
        print("", *table.goals(found), sep="\n")


if __name__ == "__main__":
    main()
