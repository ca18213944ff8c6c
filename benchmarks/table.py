"""Figures as people and as machines read them, and what machine they are of."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version

from benchmarks.cases import Case, Figures

PACKAGES = ("Django", "gunicorn", "protobuf", "opentelemetry-proto", "orjson")
COLUMNS = (
    ("spans/s", "spans_a_second", "{:,.0f}"),
    ("ceiling", "ceiling_spans_a_second", "{:,.0f}"),
    ("ratio", "of_ceiling", "{:.0%}"),
    ("p50 ms", "p50_ms", "{:.1f}"),
    ("p99 ms", "p99_ms", "{:.1f}"),
    ("CPU us", "server_us_a_span", "{:.1f}"),
    ("load us", "load_us_a_span", "{:.1f}"),
    ("RSS MiB", "peak_mib", "{:.0f}"),
    ("disk B", "disk_bytes_a_span", "{:,.0f}"),
    ("wire B", "wire_bytes_a_span", "{:,.0f}"),
    ("start s", "cold_start_seconds", "{:.2f}"),
    ("503s", "retried", "{:d}"),
)
Measured = tuple[Case, Figures]


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": processor(),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{package: version(package) for package in PACKAGES},
    }


def processor() -> str:
    """The model's name where the kernel says it."""
    with open("/proc/cpuinfo") as lines:
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def heading() -> str:
    """The names of the columns."""
    return f"{'case':<24}" + "".join(f"{title:>9}" for title, _, _ in COLUMNS)


def row(figures: Figures) -> str:
    """One case; "-" for what was not measured."""
    values = [(getattr(figures, name), form) for _, name, form in COLUMNS]
    cells = [form.format(value) if value or form == "{:d}" else "-" for value, form in values]
    return f"{figures.case:<24}" + "".join(f"{cell:>9}" for cell in cells)


def goals(measured: Iterable[Measured]) -> Iterable[str]:
    """A line for each goal: the case, the figure, the bound, and whether it was met."""
    for case, figures in measured:
        for goal in case.goals:
            shown = goal.unit.format(goal.value(figures))
            sign = ">=" if goal.comparison(1, 0) else "<="
            verdict = "met" if goal.is_met(figures) else "NOT MET"
            yield f"{case.name:<24} {shown:<36} {sign} {goal.bound:<8,g} {verdict}"


def as_json(measured: Iterable[Measured]) -> dict[str, object]:
    """Everything, for machines."""
    return {
        "machine": machine(),
        "cases": [
            asdict(figures)
            | {"of_ceiling": figures.of_ceiling, "disk_to_wire": figures.disk_to_wire}
            | {"goals": {goal.figure: [goal.bound, goal.is_met(figures)] for goal in case.goals}}
            for case, figures in measured
        ],
    }
