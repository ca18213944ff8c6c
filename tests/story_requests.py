"""What agents say in the stories, each as one request."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server import Answer, Server


def post(server: Server, path: str, key: str, data: dict[str, Any]) -> Answer:
    """One POST with a JSON body."""
    return server.call("POST", path, key, data)


def read(server: Server, path: str, key: str) -> dict[str, Any]:
    """One GET that succeeds."""
    answer = server.call("GET", path, key)
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def diagnose(server: Server, key: str, minutes_ago: float = 0) -> dict[str, Any]:
    """The packet of an hour: the last one, or the one that ended so many minutes ago."""
    until = {"until": minutes_before(minutes_ago)} if minutes_ago else {}
    answer = post(server, "/v1/runs/diagnose", key, {"since_minutes": 60, **until})
    assert answer.status == 200, answer.body
    return dict(answer.json()["packet"])


def verify(server: Server, key: str, issue: dict[str, Any]) -> dict[str, Any]:
    """The verdict on the issue's loop."""
    answer = post(server, "/v1/runs/verify", key, {"loop_id": issue["loop_id"]})
    assert answer.status == 200, answer.body
    return dict(answer.json())


def minutes_before(minutes: float) -> str:
    """That moment as answers write it."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
