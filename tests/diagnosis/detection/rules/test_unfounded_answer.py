"""Answers that stand on nothing: when they are an issue, when not, and whether a fix held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import record_id, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHIPPED = NOW + timedelta(minutes=1)
Tool = tuple[str, str]  # name and result; "" is a failure
CLAIM = "According to the museum's records, the painting shows five apples."
NOTHING: list[Tool] = [("web_search", ""), ("final_answer", "5")]
FOUND: list[Tool] = [("web_search", "five apples"), ("final_answer", "5")]
SEARCHED: list[Tool] = [("web_search", "")]  # and then the model answers by itself
EMPTY: list[Tool] = [("web_search", "[]"), ("look_up", "null")]


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
    asked = '[{"role": "user", "content": "Where is order 40109 of 2026?"}, {"role": "tool", "content": "code 503"}]'
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": asked,
        "gen_ai.output.messages": said,
    }
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


def test_an_answer_that_is_handed_in_on_nothing_is_an_issue_of_the_call_that_does(
    alice: MintedProject,
) -> None:
    with_summary = run("a", NOTHING, "I add it up: it is five.")
    [issue] = issues(alice, with_summary, run("b", FOUND), run("c", [("final_answer", "5")]))

    assert (issue["operation"], issue["count"], issue["impact"]["operation_records"]) == ("chat gpt-4o", 2, 3)
    assert issue["message"].startswith(
        "no tool call of the run returned anything, and the run ends with the answer: "
    )
    assert (issue["severity"], issue["patch_plan"]["lever"]) == ("low", "prompt")
    assert record_id(with_summary[0]) in issue["evidence_ids"]  # and not the one that sums up after it


CLAIMS = {
    "in English": "It was shipped with the number 1Z-9981.",
    "in German": "Deine Bestellung wurde am 12.11. versandt.",
    "in Japanese": "11\u670812\u65e5\u306b2041\u3067\u767a\u9001\u3055\u308c\u307e\u3057\u305f\u3002",
}


@pytest.mark.parametrize("answer", CLAIMS.values(), ids=list(CLAIMS))
@pytest.mark.parametrize("tools", [SEARCHED, EMPTY], ids=["it failed", "it gave nothing"])
def test_a_value_that_nobody_told_the_model_is_a_claim_in_any_language(
    alice: MintedProject, tools: list[Tool], answer: str
) -> None:
    [issue] = issues(alice, run("a", tools, answer))

    assert issue["count"] == 1
    assert answer in issue["message"]


QUIET = {
    "a tool told it": (FOUND, CLAIM),
    "a chat without tools": ([], "It was shipped on 2026-11-12."),
    "a tool that gives the answer its form": ([("final_result", "5")], CLAIM),
    "it says that it found nothing": (SEARCHED, "I could not find order 40109."),
    "it says so in German": (SEARCHED, "Die Bestellung 40109 konnte ich leider nicht finden."),
    "it repeats the failure": (SEARCHED, "The search failed with 503, please try again in 5 minutes."),
    "it asks": (SEARCHED, "You have the orders 20411 and 20412. Which one do you mean?"),
    "one of two tools told it": (
        [("web_search", ""), ("look_up", "shipped")],
        "It was shipped on 2026-11-12.",
    ),
}


@pytest.mark.parametrize(("tools", "answer"), QUIET.values(), ids=list(QUIET))
def test_what_only_looks_like_it_is_quiet(alice: MintedProject, tools: list[Tool], answer: str) -> None:
    assert issues(alice, run("a", tools, answer)) == []


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
