"""A shop whose agent fails in five ways, with what strangers can write: enough for a queue and for one loop's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from tests.server import Server
from tests.telemetry.factory import minutes, request, span

TURNS = 25
BROKEN = {  # tools; each fails in another turn of five
    "lookup_order": "order is not in the warehouse",
    "refund": "card was declined by the bank",
    "send_mail": "mailbox is full",
    "translate": "language is unknown",
    "find_address": "street has no such number",
}
HOSTILE = "<b>gone</b> \u202ednuof ton\u202c https://evil.example/" + "long" * 60


def provision(server: Server, name: str = "console") -> dict[str, Any]:
    """A project with its loops proposed."""
    project = server.provision(name)
    now = timezone.now()
    for release, since in (("1.4.0", 50), ("1.3.9", 170)):
        spans = [made for turn in range(TURNS) for made in trace(turn, now - minutes(since - turn), release)]
        body = request(*spans, resource=resource(release))
        assert server.call("POST", "/v1/traces", project["producer_key"], body).status == 202
    answer = server.call("POST", "/v1/runs/diagnose", project["agent_key"], {"since_minutes": 60})
    assert answer.status == 200, answer.body
    return project | {"issues": answer.json()["packet"]["issues"]}


def resource(release: str) -> dict[str, str]:
    """What runs."""
    return {"service.name": "shop", "service.version": release, "deployment.environment.name": "prod"}


def trace(turn: int, at: datetime, release: str) -> list[dict[str, Any]]:
    """One turn: the request, the agent, a model call, and each tool once."""
    key = f"{release} {turn}"
    session = {"session.id": f"chat-{turn}", "user.id": f"user-{turn % 5}"}
    ends = {"trace": key, "attributes": session}
    spans = [
        span("POST /chat", id="root", at=at, duration_ms=900, kind=2, **ends),
        span(
            "invoke_agent support",
            id="agent",
            parent="root",
            at=at + minutes(1 / 6000),
            duration_ms=850,
            **ends,
        ),
        span("chat gpt-4o", id="model", parent="agent", at=at + minutes(1 / 3000), duration_ms=300, **ends),
    ]
    for number, tool in enumerate(BROKEN):
        fails = turn % 5 == number and release == "1.4.0"
        spans.append(call(tool, key, turn, at + minutes((number + 4) / 600), fails, session))
    return spans


def call(
    tool: str, key: str, turn: int, at: datetime, fails: bool, session: dict[str, str]
) -> dict[str, Any]:
    """A tool call."""
    attributes = session | {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.arguments": f'{{"order_id": "{"A" if fails else "B"}-{turn}"}}',
        "app.region": "eu-west" if fails else "us-east",
        "app.note": "the same in all",
    }
    error = f"{BROKEN[tool]}: A-{turn} {HOSTILE}" if fails else ""
    return span(
        f"execute_tool {tool}",
        trace=key,
        id=tool,
        parent="agent",
        at=at,
        duration_ms=80,
        error=error,
        attributes=attributes,
    )
