"""The gate says whether a person approved: on packets, issues, loops and handoffs, over HTTP and in tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnosis.loops.states import UNDER_APPROVAL
from diagnosis.models import Loop
from diagnosis.packets.action_gate import CORROBORATE, TEXT_MAY_NOT_CAUSE
from tests.security.voice.canaries import CanaryWorld
from tests.tool_calls import call_tool

Call = Callable[..., Any]
WORDS = {"text_may_not_cause": list(TEXT_MAY_NOT_CAUSE), "corroborate": CORROBORATE}


@pytest.mark.parametrize("state", Loop.State.values)
def test_a_gate_is_open_under_an_approval_alone(state: str, world: CanaryWorld, call: Call) -> None:
    key, ids = world.keys["agent"], world.ids
    Loop.objects.filter(loop_id=ids["loop_id"]).update(state=state)
    issue = f"/v1/packets/{ids['packet_id']}/issues/{ids['cluster_id']}"

    gates = [
        call("GET", f"/v1/loops/{ids['loop_id']}", key).json()["action_gate"],
        call("GET", f"/v1/loops/{ids['loop_id']}?budget=4000", key).json()["action_gate"],
        call("GET", issue, key).json()["action_gate"],
        call("GET", f"{issue}?budget=4000", key).json()["action_gate"],
        call_tool(call, key, "loopkit_issue", loop_id=ids["loop_id"]).content["action_gate"],
    ]
    packet = call("GET", f"/v1/packets/{ids['packet_id']}", key).json()["packet"]

    assert {gate["approved"] for gate in gates} == {state in UNDER_APPROVAL}
    assert all(bool(gate["by"]) == gate["approved"] for gate in gates)
    assert all(gate.items() >= WORDS.items() for gate in gates)
    assert packet["action_gate"] == {"approved": False, "by": None} | WORDS


def test_a_handoff_says_who_approved(world: CanaryWorld, call: Call) -> None:
    url = f"/v1/loops/{world.ids['loop_id']}/handoff"
    handoff = call("GET", url, world.keys["agent"]).json()
    short = call("GET", f"{url}?budget=4000", world.keys["agent"]).json()

    assert handoff["action_gate"] == {"approved": True, "by": handoff["approval"]["decided_by"]} | WORDS
    assert short["action_gate"] == handoff["action_gate"]
