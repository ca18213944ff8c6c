"""Answers that stand on nothing: when they are an issue, when not, and whether a fix held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.verification.verify import verify
from telemetry.agent_runs.unfounded_answers import claim_line
from telemetry.conventions.content import answer_texts
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHIPPED = NOW + timedelta(minutes=1)
Tool = tuple[str, str]  # name and result; "" is a failure
CLAIM = "According to the museum's records, the painting shows five apples."
NOTHING: list[Tool] = [("web_search", ""), ("final_answer", "5")]
FOUND: list[Tool] = [("web_search", "five apples"), ("final_answer", "5")]


def run(
    name: str, tools: list[Tool], answer: str = CLAIM, since: datetime = NOW - timedelta(minutes=30)
) -> list[dict[str, Any]]:
    """One trace of an agent: the model plans, tools are called, and the model answers; a second each."""
    steps = [model("First I search, then I answer."), *map(tool, tools), model(answer)]
    return [
        span(trace=f"{since}{name}", id=f"{since}{name}{n}", at=since + timedelta(seconds=n), **step)
        for n, step in enumerate(steps)
    ]


def model(said: str) -> dict[str, Any]:
    """A model call with its answer."""
    told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.output.messages": said}
    return {"name": "chat gpt-4o", "attributes": told}


def tool(called: Tool) -> dict[str, Any]:
    """A call of the tool."""
    name, result = called
    told = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.result": result,
    }
    return {"name": f"execute_tool {name}", "attributes": told, "error": "" if result else "no results found"}


def issues(alice: MintedProject, *runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a diagnosis finds of unfounded answers in these traces."""
    for one in runs:
        store(alice.project, one, NOW)
    found = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]
    return [issue for issue in found if issue["signal_type"] == "unfounded_answer"]


def test_an_answer_that_claims_what_no_tool_told_is_an_issue(alice: MintedProject) -> None:
    [issue] = issues(alice, run("a", NOTHING), run("b", FOUND), run("c", [("final_answer", "5")]))

    assert (issue["operation"], issue["count"], issue["impact"]["operation_records"]) == ("chat gpt-4o", 2, 3)
    assert issue["message"] == f"no tool call of the run returned anything, and the answer says: {CLAIM}"
    assert (issue["severity"], issue["patch_plan"]["lever"]) == ("low", "prompt")


QUIET = {
    "a tool told it": (FOUND, CLAIM),
    "a chat without tools": ([], CLAIM),
    "a tool that gives the answer its form": ([("final_result", "5")], CLAIM),
    "it says that it found nothing": (NOTHING, "I could not find how many apples the painting shows."),
    "it follows from the question": (NOTHING, "The rows read THESE AGULL, so the sentence is: THE SEA GULL."),
    "it reckons": (NOTHING, "Based on my analysis of the text, I simulate the swap: the digits are 7 and 9."),
    "it plans": (NOTHING, "I will search the museum's website and check the list."),
    "the user said so": (NOTHING, "Based on your records, you have two orders. Which one do you mean?"),
}


@pytest.mark.parametrize(("tools", "answer"), QUIET.values(), ids=list(QUIET))
def test_what_only_looks_like_it_is_quiet(alice: MintedProject, tools: list[Tool], answer: str) -> None:
    assert issues(alice, run("a", tools, answer)) == []


@pytest.mark.parametrize(
    "said",
    [
        "I have verified it in the catalogue.",
        "Having carefully reviewed the scene, it is white.",
        "I recall that it was 30 years.",
        "After extensive research, the answer is 42.",
        "It is well known that he was born in Honolulu.",
        "Based on my understanding of the field, it is binomial.",
        "On checking, the article quoted 56,000.",
        "The phrase is assumed to be SONIC.",
    ],
)
def test_a_claim_is_told_by_its_words(said: str) -> None:
    assert claim_line(said)


def test_the_words_of_an_answer_are_found_in_any_shape() -> None:
    output = '[{"role": "assistant", "parts": [{"type": "text", "content": "I recall it"}]}]'

    assert claim_line(answer_texts(output)).endswith("I recall it")


def runs(unfounded: int, since: datetime) -> list[list[dict[str, Any]]]:
    """40 traces in 20 minutes; so many of them answer on nothing."""
    made = [NOTHING if n < unfounded else FOUND for n in range(40)]
    return [run(str(n), tools, since=since + timedelta(minutes=n % 20)) for n, tools in enumerate(made)]


@pytest.mark.parametrize(("unfounded", "verdict"), [(0, "held"), (20, "unchanged")])
def test_a_fix_is_verified_in_the_runs_that_called_the_model(
    alice: MintedProject, unfounded: int, verdict: str
) -> None:
    [issue] = issues(alice, *runs(20, NOW - timedelta(minutes=30)))
    Loop.objects.filter(loop_id=issue["loop_id"]).update(state=Loop.State.SHIPPED, shipped_at=SHIPPED)
    for one in runs(unfounded, SHIPPED):
        store(alice.project, one, SHIPPED)

    found = verify(Loop.objects.get(loop_id=issue["loop_id"]), SHIPPED + timedelta(hours=1))

    assert found.verdict == verdict, found.document["reason"]
    assert found.document["reason"].endswith("a failure is such a trace with the unfounded answer.")
