"""Every tool and every read with a budget fits every budget, however much the API's own answer has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.api.budgets import FEWEST_TOKENS, MOST_TOKENS
from tests.diagnosis.agents.inflated_answers import LONGEST_WAY, Inflation
from tests.diagnosis.agents.test_tool_words import sentences
from tests.module_data import ModuleData
from tests.security.voice.canaries import CanaryWorld, build_canary_world
from tests.security.voice.test_budgeted_reads import PATHS, url_of
from tests.security.voice.test_tools import ARGUMENTS, filled
from tests.tool_calls import call_tool

Call = Callable[..., Any]
BUDGETS = st.one_of(
    st.just(FEWEST_TOKENS), st.integers(FEWEST_TOKENS, 1_500), st.integers(1_500, MOST_TOKENS)
)
INFLATIONS = st.builds(
    Inflation,
    rows=st.integers(1, 12),
    text=st.integers(1, 40),
    number=st.sampled_from([1, 1_000, 10**9]),
    next_action=st.sampled_from(["", max(sentences(), key=len)]),
)
THE_WORST = Inflation(rows=12, text=40, number=10**9, next_action=max(sentences(), key=len))
every_time = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Call) -> Iterator[ModuleData]:
    """The project of canaries."""
    yield from build_module_data(lambda: build_canary_world(call))


@pytest.fixture
def world(module_data: ModuleData, db: None) -> CanaryWorld:
    """The project as it was built."""
    built: CanaryWorld = module_data.built
    return built


def test_the_longest_sentence_is_among_the_next_steps() -> None:
    assert any(LONGEST_WAY in sentence for sentence in sentences())


def fits(text: str, tokens: int) -> bool:
    """Whether an answer has at most so many tokens."""
    return len(text) <= 2.5 * tokens


@pytest.mark.parametrize("name", ARGUMENTS)
@every_time
@given(inflation=INFLATIONS, tokens=BUDGETS)
def test_a_tool_fits_every_budget(
    name: str, inflation: Inflation, tokens: int, world: CanaryWorld, call: Call
) -> None:
    for each, asked in ((inflation, tokens), (THE_WORST, FEWEST_TOKENS)):
        for arguments in ARGUMENTS[name]:
            with each.applied():
                sent = filled(world, arguments) | {"budget": asked}
                answer = call_tool(call, world.keys["agent"], name, **sent)
            assert not answer.is_error, answer.text
            assert fits(answer.text, asked), (len(answer.text) / 2.5, asked, arguments, answer.text)


@pytest.mark.parametrize("path", PATHS)
@every_time
@given(inflation=INFLATIONS, tokens=BUDGETS)
def test_a_read_fits_every_budget(
    path: str, inflation: Inflation, tokens: int, world: CanaryWorld, call: Call
) -> None:
    for each, asked in ((inflation, tokens), (THE_WORST, FEWEST_TOKENS)):
        with each.applied():
            answer = call("GET", f"{url_of(world, path)}budget={asked}", world.keys["agent"])
        assert answer.status_code == 200, answer.content
        text = answer.content.decode()
        assert fits(text, asked), (len(text) / 2.5, asked, text)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/runs/diagnose?", {"since_minutes": 60}),
        ("/v1/runs/verify?", {"loop_id": "{loop_id}"}),
        ("/v1/loops/{loop_id}/events?", {"kind": "shipped_corrected", "release": "zqreleasezq"}),
    ],
)
@every_time
@given(inflation=INFLATIONS, tokens=BUDGETS)
def test_a_run_or_a_report_fits_every_budget(
    path: str, body: dict[str, Any], inflation: Inflation, tokens: int, world: CanaryWorld, call: Call
) -> None:
    for each, asked in ((inflation, tokens), (THE_WORST, FEWEST_TOKENS)):
        with each.applied():
            url = f"{url_of(world, path)}budget={asked}"
            answer = call("POST", url, world.keys["agent"], filled(world, body))
        assert answer.status_code in (200, 201), answer.content
        text = answer.content.decode()
        assert fits(text, asked), (len(text) / 2.5, asked, text)
