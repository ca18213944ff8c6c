"""The short answer to a report: what it changed, and sentences with their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tenants.keys.provisioning import MintedProject
from tests.security.voice.canaries import CanaryWorld
from tests.tool_calls import call_tool

Call = Callable[..., Any]


def test_a_release_that_no_record_names_is_told_with_its_values(world: CanaryWorld, call: Call) -> None:
    key, loop_id = world.keys["agent"], world.ids["loop_id"]
    body = {"kind": "shipped_corrected", "release": "v9"}
    answer = call("POST", f"/v1/loops/{loop_id}/events?budget=900", key, body)
    tool = call_tool(call, key, "loopkit_report", loop_id=loop_id, budget=900, **body)

    told = answer.json()
    assert answer.status_code == 201
    assert told.keys() == {
        "warning", "ok", "loop_id", "state", "attempt", "shipped_at", "next_action", "release_note", "completeness",
    }  # fmt: skip
    assert (
        set(re.findall(r"{(\w+)}", told["release_note"]["note"]))
        == told["release_note"]["with"]["text"].keys()
    )
    same = told.keys() - {"ok", "next_action", "completeness"}  # the next action names a tool, and is shorter
    assert {name: tool.content[name] for name in same} == {name: told[name] for name in same}
    assert tool.content.keys() == told.keys() - {"ok"}
    assert "loopkit_verify" in tool.content["next_action"]


def test_a_report_that_is_refused_has_the_refusal_of_the_path(alice: MintedProject, call: Call) -> None:
    body = {"kind": "approve"}
    plain, budgeted = (
        call("POST", f"/v1/loops/loop_1/events{query}", alice.keys["agent"], body)
        for query in ("", "?budget=900")
    )

    assert (plain.status_code, plain.json()["error"]["code"]) == (404, "loop_not_found")
    assert (budgeted.status_code, budgeted.json()) == (plain.status_code, plain.json())
