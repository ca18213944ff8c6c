"""
How good the grouping, the attribution and the hints are: `python -m benchmarks.quality --data DIR --half dev`.

One line a set. Spans go in as OTLP bytes and issues come out of a diagnosis, in a temporary installation inside this
process; the scorers of DIR judge them. One configuration for all sets.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import sets
from benchmarks.quality_sets.place import prepared

SETS = {
    "captures": "captures",
    "load": "load",
    "order": "order",
    "loghub_2k": "grouping",
    "tool_errors_tau": "grouping",
    "stacks_d4j": "grouping",
    "sentry_events": "grouping",
    "taubench_airline": "agents",
    "agentrx_tau": "agents",
    "agentrx_magentic": "agents",
    "trail": "agents",
    "whowhen": "agents",
    "contrast_sim": "contrast",
    "nezha": "services",
}
OPTIONS = {"stacks_d4j": ("--kind", "crash")}
OWN = ("captures", "load", "order")  # come with the project
GOALS: dict[str, sets.Goals] = {
    "captures": {"kinds": (">=", 1.0), "pair_F1": (">=", 0.95), "causeless": ("<=", 0)},
    "load": {"clusters": ("<=", 1.0), "mixed": ("<=", 0)},
    "order": {"different": ("<=", 1)},
    "loghub_2k": {
        "GA": (">=", 0.88),
        "FGA": (">=", 0.90),
        "pair_F1": (">=", 0.96),
        "over_merged": ("<=", 0.03),
    },
    "tool_errors_tau": {"pair_F1": (">=", 1.0)},
    "stacks_d4j": {"pair_F1": (">=", 0.78), "pair_P": (">=", 0.88)},
    "sentry_events": {"GA": (">=", 0.85)},
    "taubench_airline": {"soft_tool_errors": (">=", 0.98)},
    "trail": {
        "visible_recall": (">=", 0.60),
        "precision": (">=", 0.40),
        "GAIA_location_accuracy": (">=", 0.48),
    },
    "whowhen": {"step_accuracy": (">=", 0.30)},
    "contrast_sim": {"hit@1": (">=", 0.93), "false_hints": ("<=", 0)},
    "nezha": {"AS@1": (">=", 0.65), "AS@3": (">=", 0.80), "quiet_issues": ("<=", 0)},
}


def short_of(name: str, figures: dict[str, Any]) -> list[str]:
    """Which goals of the set are not met."""
    goals = GOALS.get(name, {}).items()
    return [
        f"{key} {sign} {goal}"
        for key, (sign, goal) in goals
        if not sets.meets(number(figures[key]), sign, goal)
    ]


def number(figure: Any) -> float:
    """A figure as a number: `23/24` and `12:12` are shares."""
    if not isinstance(figure, str):
        return float(figure)
    part, _, whole = figure.replace(":", "/").partition("/")
    return float(part) / float(whole)


def measure(name: str, data: Path, half: str) -> dict[str, Any]:
    """The figures of one set."""
    from importlib import import_module

    module = import_module(f"benchmarks.quality_sets.{SETS[name]}")
    with tempfile.TemporaryDirectory() as work:
        figures: dict[str, Any] = module.measure(data / name / half, Path(work), *OPTIONS.get(name, ()))
    return figures


def line(name: str, figures: dict[str, Any]) -> str:
    """A set's figures in one line."""
    if not figures:
        return f"{name:<18}no data"
    shown = (
        f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}"
        for key, value in figures.items()
    )
    return f"{name:<18}" + "  ".join(shown)


def main() -> None:
    """The table."""
    asked = sets.parser(__doc__, SETS).parse_args()

    def figures(name: str) -> dict[str, Any]:
        if name not in OWN and not (asked.data / name / asked.half).is_dir():
            return {}
        found = measure(name, asked.data, asked.half)
        return found | {"short_of": short_of(name, found)}

    with prepared():
        sets.run(asked.sets or SETS, figures, line, as_json=asked.json)


if __name__ == "__main__":
    main()
