"""The benchmark of an agent's tokens goes the whole loop, and counts what the agent sends and reads."""

from __future__ import annotations

import pytest

from benchmarks import agent_tokens
from benchmarks.agent_tokens import HttpAgent, McpAgent, Meter
from tests.browser_forms import Person
from tests.server import Server

STEPS = {"documents", "diagnose", "issues", "work list", "handoffs", "evals", "reports", "verify"}


@pytest.mark.parametrize("make", [HttpAgent, McpAgent])
def test_a_fix_is_found_made_and_held(
    make: type[HttpAgent | McpAgent], server: Server, human: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_tokens, "BUGS", agent_tokens.BUGS[:1])
    meter = Meter()

    result = agent_tokens.whole_loop(server, human, make(server, meter), f"tokens-{make.__name__.lower()}")

    assert (result["issues"], result["held"]) == (1, 1)
    assert meter.tokens.keys() == STEPS
    assert all(meter.tokens.values())
    assert meter.total <= agent_tokens.MOST_TOKENS
    assert f"{meter.total:,} tokens" in agent_tokens.printed("An agent", meter, result)
