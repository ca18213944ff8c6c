"""
How far verdicts can be trusted: `python -m benchmarks.verify_quality --data DIR --half dev` prints figures and goals.

Cases go through the product: OTLP bytes in, a loop that ships between the windows, the verdict of its verification, in
a temporary installation inside this process. Cases of more spans than --through are given to the judge as counts;
every case that went through is judged that way too, and both must agree. One configuration for all sets; the scorer of
DIR judges.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import sets
from benchmarks.quality_sets import scorers
from benchmarks.quality_sets.place import prepared

GOALS: dict[str, sets.Goals] = {
    "verify_sim": {
        "false_held": ("<=", 0.005),
        "false_regressed": ("<=", 0.01),
        "decisive_correct": (">=", 0.93),
        "no_traffic_guard": (">=", 1.0),
    },
    "verify_petshop": {"decisive_correct": (">=", 0.85), "false_regressed": ("<=", 0.03)},
    "verify_ag2": {"false_claims": ("<=", 0.01), "pooled_decided": (">=", 1.0)},
    "polling": {
        "ever_held": ("<=", 0.01),
        "ever_improved": ("<=", 0.02),
        "ever_regressed": ("<=", 0.05),
        "ever_back": ("<=", 0.05),
        "found_back": (">=", 0.9),
    },
}
CLEAR = 3  # |z| of the pooled seeds
CLAIMS = {"held", "improved", "regressed"}


def measure(data: Path, name: str, half: str, through: int) -> dict[str, Any]:
    """The figures of one set."""
    from benchmarks import verify_counts, verify_pipeline

    folder = data / name / half
    said, disagree, piped = {}, [], 0
    for case in scorers.lines(folder / "cases.jsonl.gz"):
        said[case["id"]] = verify_counts.verdict(case)
        if case["baseline"]["n"] + (case["current"].get("n") or 0) <= through:
            told = verify_pipeline.verdict(case)
            disagree += [case["id"]] if bare(told) != bare(said[case["id"]]) else []
            said[case["id"]], piped = told, piped + 1
    labels = list(scorers.lines(folder / "labels.jsonl"))
    return (
        scored(data, folder, said)
        | pooled(labels, said)
        | {"piped": f"{piped} of {len(said)}", "disagree": disagree}
    )


def bare(verdict: str) -> str:
    """The scorer takes both for the same; a case without a failure has no loop, so nothing can be said of it."""
    return "inconclusive" if verdict in ("no_traffic", "unchanged") else verdict


def scored(data: Path, folder: Path, said: dict[str, str]) -> dict[str, Any]:
    """What the scorer says."""
    with tempfile.TemporaryDirectory() as work:
        rows = [{"id": name, "verdict": verdict} for name, verdict in said.items()]
        prediction = scorers.write(Path(work) / "verdicts.jsonl", rows)
        found = scorers.score(data, "score_verify.py", folder / "labels.jsonl", prediction)["all"]
    rates = {name: rate[0] for name, rate in found.items() if isinstance(rate, list)}
    return {"cases": found["n"], **rates, "confusion": found["confusion"]}


def pooled(labels: list[dict[str, Any]], said: dict[str, str]) -> dict[str, Any]:
    """Claims where nothing changed; and claims about large windows where much did."""
    quiet = [label for label in labels if label["truth"] == "unchanged"]
    false = sum(said[label["id"]] in CLAIMS for label in quiet)
    large = [one for one in labels if abs(one.get("pooled_z", 0)) > CLEAR and said_of_pool(one["id"])]
    decided = sum(said[label["id"]] in CLAIMS for label in large)
    return {"false_claims": false / len(quiet), "pooled_decided": decided / len(large) if large else None}


def said_of_pool(name: str) -> bool:
    """Whether the case pools several seeds."""
    return "pool" in name


def table(name: str, figures: dict[str, Any]) -> str:
    """A set's figures beside its goals."""
    head = {key: figures[key] for key in ("cases", "piped", "seconds") if key in figures}
    lines = [f"{name}  " + "  ".join(f"{key} {value}" for key, value in head.items())]
    for figure, (sign, goal) in GOALS[name].items():
        value = figures[figure]
        met = value is not None and sets.meets(value, sign, goal)
        lines.append(f"  {figure:<18}{value:>8.4f}   goal {sign} {goal:<6} {'met' if met else 'MISSED'}")
    if figures.get("disagree"):
        lines.append(f"  product and judge disagree on {figures['disagree']}")
    return "\n".join(lines)


def main() -> None:
    """The table."""
    parser = sets.parser(__doc__, GOALS)
    parser.add_argument(
        "--through", type=int, default=4_500, help="spans of a case that goes through the product"
    )
    parser.add_argument("--polls", type=int, default=1_000, help="agents that poll")
    asked = parser.parse_args()

    def figures(name: str) -> dict[str, Any]:
        from benchmarks import polling

        if name == "polling":
            return polling.simulate(asked.polls)
        return measure(asked.data, name, asked.half, asked.through)

    with prepared():
        sets.run(asked.sets or GOALS, figures, table, as_json=asked.json)


if __name__ == "__main__":
    main()
