"""Alice and her browser: a failing tool call with hostile content, its diagnosis, and pages as text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, span_id, store, trace_id

NOW = timezone.now()
TEN_MINUTES_AGO = NOW - minutes(10)
HOSTILE = "<script>alert(1)</script>'\"&"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#x27;&quot;&amp;"


def browser_of(minted: MintedProject) -> Client:
    """A browser that is signed in to that project."""
    browser = Client(headers={"Accept": "text/html"})
    assert browser.post("/dashboard/sign-in", {"agent_key": minted.keys["agent"]}).status_code == 302
    return browser


def send(
    minted: MintedProject, *, at: datetime = TEN_MINUTES_AGO, trace: str = "t", session: str = "s-1"
) -> str:
    """A tool call that failed inside a chat; the record id of the call."""
    spans = [
        span("chat", trace=trace, id="root", at=at, attributes={"session.id": session}),
        span(
            "execute_tool lookup",
            trace=trace,
            id="call",
            parent="root",
            at=at + timedelta(milliseconds=1),
            error=HOSTILE,
            attributes={
                "session.id": session,
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": f"lookup {HOSTILE}",
                "gen_ai.tool.call.arguments": f'{{"order": "{HOSTILE}"}}',
                "items": "a name that template look-ups could stumble over",
                "link": "https://evil.example/",
            },
        ),
    ]
    store(minted.project, spans, NOW, {"service.name": HOSTILE})
    return f"rec_{trace_id(trace)}{span_id('call')}"


def diagnose(minted: MintedProject) -> Loop:
    """The loop of the worst issue."""
    assert browser_of(minted).post("/dashboard/diagnose", {"since_minutes": "60"}).status_code == 302
    return Loop.objects.filter(project=minted.project)[0]


def text(answer: Any) -> str:
    """The page, which must be one."""
    assert answer.status_code == 200, answer.content
    assert "no-store" in answer["Cache-Control"]
    return str(answer.content.decode())
