"""Issues that a human decided, or whose fix held, are one line of a budgeted list, behind those that need a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, request, span
from tests.tool_calls import call_tool

Call = Callable[..., Any]


@pytest.mark.parametrize("state", [Loop.State.REJECTED, Loop.State.SHIPPED, Loop.State.HELD])
def test_settled_issues_come_last_in_one_line(state: str, alice: MintedProject, call: Call) -> None:
    at, key = timezone.now() - minutes(5), alice.keys["agent"]
    spans = [span(f"op {n % 4}", trace=f"t{n}", at=at, error=f"bad {n % 4}") for n in range(12)]
    call("POST", "/v1/traces", alice.keys["producer"], request(*spans))
    before = call("POST", "/v1/runs/diagnose?budget=4000", key).json()
    settled = before["issues"][0]["loop_id"]
    Loop.objects.filter(loop_id=settled).update(state=state)

    after = call("GET", f"/v1/packets/{before['packet_id']}?budget=4000", key).json()
    tool = call_tool(call, key, "loopkit_diagnose", cursor=f"{before['packet_id']}:0").content

    assert [issue["loop_id"] for issue in before["issues"][1:]] == [
        issue["loop_id"] for issue in after["issues"][:-1]
    ]
    assert after["issues"][-1].keys() == {"cluster_id", "loop_id", "status", "failures", "text"}
    assert after["issues"][-1]["text"] == {"title": before["issues"][0]["text"]["title"]}
    assert after["issues"][-1]["loop_id"] == settled
    assert len(orjson.dumps(after["issues"][-1])) < 200
    assert tool["issues"] == after["issues"]
