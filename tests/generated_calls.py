"""
A generated agent whose model calls are recorded once, or twice by two instrumentations: `Calls(seed)` knows which.

What it knows is counted from what was drawn, and from no code of the product.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.telemetry.factory import span

FRAMEWORK, CLIENT = "openinference.instrumentation.langchain", "opentelemetry.instrumentation.openai_v2"
MODELS = {"gpt-x": "gpt-x-2026-01-01", "other-y": "other-y"}  # as the framework and as the client name it
ERROR = "the model is overloaded just now"
RUNS = 24


@dataclass
class Calls:
    """The spans of some agent runs, each with the scope that recorded it, and what is true of their model calls."""

    seed: int
    at: datetime
    spans: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)  # in and out, by session
    made: int = 0  # calls of a model
    failed: int = 0
    recorded_twice: int = 0

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        for number in range(RUNS):
            session = f"session {number % 7}"
            run = f"{self.seed} {number}"
            start = self.at + timedelta(seconds=40 * number)
            self.spans.append(
                ("app", span("run", trace=run, id=run, at=start, attributes={"session.id": session}))
            )
            for call in range(chance.randrange(1, 5)):
                self.make_call(chance, session, run, f"{run} {call}", start + timedelta(seconds=5 * call))

    def make_call(self, chance: random.Random, session: str, run: str, name: str, at: datetime) -> None:
        """One call of a model, recorded once, twice inside each other, or twice beside each other."""
        model, failed = chance.choice(list(MODELS)), chance.random() < 0.3
        tokens = (0, 0) if failed else (chance.randrange(50, 900), chance.randrange(1, 200))
        how = chance.choice(["client", "framework", "inside", "beside"])
        if how == "beside" and failed:  # nothing says that these are one
            how = "inside"
        error, common = ERROR if failed else "", {"trace": run, "duration_ms": 900}
        if how != "client":
            attributes = by_framework(model, None if failed else tokens)
            outer = span(
                "ChatOpenAI", id=f"{name} 1", parent=run, at=at, error=error, attributes=attributes, **common
            )
            self.spans.append((FRAMEWORK, outer))
        if how != "framework":
            parent = f"{name} 1" if how == "inside" else run
            common["duration_ms"] = 700
            attributes = by_client(MODELS[model], None if failed else tokens)
            begun = at + timedelta(milliseconds=100)
            inner = span(
                "chat", id=f"{name} 2", parent=parent, at=begun, error=error, attributes=attributes, **common
            )
            self.spans.append((CLIENT, inner))
        self.made, self.failed = self.made + 1, self.failed + failed
        self.recorded_twice += how in ("inside", "beside")
        known = self.tokens.get(session, (0, 0))
        self.tokens[session] = known[0] + tokens[0], known[1] + tokens[1]


def by_framework(model: str, tokens: tuple[int, int] | None) -> dict[str, Any]:
    """The attributes that the framework's instrumentation writes."""
    counts = {"llm.token_count.prompt": tokens[0], "llm.token_count.completion": tokens[1]} if tokens else {}
    return {"openinference.span.kind": "LLM", "llm.model_name": model} | counts


def by_client(model: str, tokens: tuple[int, int] | None) -> dict[str, Any]:
    """The attributes that the client's instrumentation writes."""
    counts = (
        {"gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1]} if tokens else {}
    )
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": model} | counts
