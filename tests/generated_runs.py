"""
Runs of a generated agent with known failures: `Runs(seed)` has their spans, and knows what every window holds.

Each run is a trace that calls a tool and a model. How it goes is drawn for it: it repeats a call without progress,
polls until something changes, answers without foundation, or goes well. What is expected is counted from what was
drawn, and from no code of the product.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from telemetry.windows import Window
from tests.telemetry.factory import record_id, span

RUNS, MINUTES = 300, 90
SEARCH, CHAT = "tool search", "chat gpt-4o"
CLAIM = "According to the museum's records, the painting shows five apples."
NOTHING_NEW, EMPTY, WELL = "repeated_call", "unfounded_answer", ""
# The results of the searches of a run, each of the first query, by how it goes; "" is a call that fails.
SEARCHES: dict[str, list[list[str]]] = {
    NOTHING_NEW: [["nothing found"] * 3, ["nothing found"] * 5, ["five apples"] * 11],
    EMPTY: [[""], ["", ""]],
    WELL: [
        ["five apples"],
        ["pending", "pending", "pending", "five apples"],
        ["nothing found"] * 2,
        ["", "five apples"],
    ],
}


class Run(NamedTuple):
    """One run of the agent, and what the program knows of it."""

    trace: str
    goes: str  # the signal of its failure, or WELL
    release: str
    session: str
    spans: list[dict[str, Any]]
    starts: dict[str, int]  # of the first call of each operation, in unix nanoseconds
    shown_by: str  # the id of the record that shows its failure


@dataclass
class Runs:
    """All runs of a seed, the last one at `end`."""

    seed: int
    end: datetime
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        for number in range(RUNS):
            minutes = chance.choice([chance.uniform(0, MINUTES), chance.randrange(MINUTES)])
            goes = chance.choices([NOTHING_NEW, EMPTY, WELL], [25, 10, 65])[0]
            release = f"1.{int(minutes < MINUTES / 3)}.0"
            at = self.end - timedelta(minutes=minutes + 1)
            self.runs.append(generated_run(f"{self.seed} {number}", at, goes, release, chance))

    @property
    def spans(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Every span with its resource."""
        return [
            (one, {"service.name": "assistant", "service.version": run.release})
            for run in self.runs
            for one in run.spans
        ]

    def visits(self, window: Window, operation: str, releases: tuple[str, ...] = ()) -> list[Run]:
        """The runs whose first call of the operation starts in the window, of these releases, if any are named."""
        return [
            run
            for run in self.runs
            if window.start_unix_nano <= run.starts[operation] < window.end_unix_nano
            and (not releases or run.release in releases)
        ]

    def counts(self, window: Window, signal: str, releases: tuple[str, ...] = ()) -> tuple[int, int]:
        """The runs that fail, and all that called the operation in which they do."""
        visits = self.visits(window, OPERATIONS[signal], releases)
        return sum(run.goes == signal for run in visits), len(visits)


OPERATIONS = {NOTHING_NEW: SEARCH, EMPTY: CHAT}


def generated_run(trace: str, at: datetime, goes: str, release: str, chance: random.Random) -> Run:
    """One run: the model plans, searches, and answers."""
    results = chance.choice(SEARCHES[goes])
    session = f"session {chance.randrange(60)}" if chance.random() < 0.7 else ""
    steps = [
        model_call("First I search."),
        *(search("apples", result, chance) for result in results),
        model_call(CLAIM if goes == EMPTY else "It shows five."),
    ]
    spans, now = [], at
    for number, step in enumerate(steps):
        named = step["attributes"] | ({"session.id": session} if number == len(steps) - 1 and session else {})
        spans.append(span(trace=trace, id=f"{trace} {number}", at=now, **(step | {"attributes": named})))
        now += timedelta(seconds=chance.uniform(0.1, 20))
    starts = {CHAT: start_of(spans[0]), SEARCH: start_of(spans[1])}
    shown_by = {NOTHING_NEW: 3, EMPTY: len(spans) - 1, WELL: 0}[goes]
    return Run(trace, goes, release, session, spans, starts, record_id(spans[shown_by]))


def start_of(sent: dict[str, Any]) -> int:
    """The start of the span in unix nanoseconds."""
    return int(sent["startTimeUnixNano"])


def model_call(answer: str) -> dict[str, Any]:
    """A call of the model."""
    facts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": "How many apples?",
        "gen_ai.output.messages": answer,
    }
    return {"name": "chat gpt-4o", "attributes": facts}


def search(query: str, result: str, chance: random.Random) -> dict[str, Any]:
    """A call of the tool; the names in its arguments come in any order."""
    arguments = list({"query": query, "limit": 5, "exact": True}.items())
    chance.shuffle(arguments)
    facts = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.arguments": json.dumps(dict(arguments)),
        "gen_ai.tool.call.result": result,
    }
    return {"name": "execute_tool search", "attributes": facts, "error": "" if result else "no results"}
