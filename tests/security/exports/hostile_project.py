"""A project in which every text is hostile: what the exports of the tests are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tests.security.exports.hostile_values import JSON, LOADERS, NUNJUCKS, PYTHON, TERMINAL, TEXTS
from tests.telemetry.factory import minutes, span, store

# One issue each: a packet has a hundred at most.
RECORDED = (*NUNJUCKS, *LOADERS, *JSON, *PYTHON[:8], *TERMINAL[:8])


def hostile_spans(now: datetime) -> list[dict[str, Any]]:
    """A failing model call for each text, with the text as input, output, message and in the tool's name."""
    return [
        span(
            f"chat {number}",
            trace=f"h{number}",
            at=now - minutes(5),
            error=f"{text} {TEXTS[-number]}",
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": f"m{number}{text}",
                "gen_ai.input.messages": text,
                "gen_ai.output.messages": text,
                "session.id": text or "s",
                "user.id": text or "u",
            },
        )
        for number, text in enumerate(RECORDED, start=1)
    ]


@dataclass(frozen=True, slots=True)
class HostileProject:
    """The project with its keys, and the packet of its diagnosis."""

    minted: MintedProject
    packet: dict[str, Any]


def build_hostile_project(call: Callable[..., Any]) -> HostileProject:
    """A project in which every text is hostile, diagnosed."""
    now = timezone.now()
    minted = provisioning.mint_project("alice", "", now, claim=False)
    store(minted.project, hostile_spans(now), now)
    answer = call("POST", "/v1/runs/diagnose", minted.keys["agent"])
    assert answer.status_code == 200, answer.content
    return HostileProject(minted, answer.json()["packet"])
