"""The official Python client of the Model Context Protocol talks to the running product, in both forms."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from diagnosis.agents.tools import TOOLS
from tests.server import Server
from tests.telemetry.factory import request, span

FORMS = {"legacy": "2025-11-25", "auto": "2026-07-28"}


async def session(url: str, key: str, mode: Any) -> dict[str, Any]:
    """What the client sees: the form it agreed on, the tools, an answer, a refusal."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        tools = (await client.list_tools()).tools
        found = await client.call_tool("loopkit_diagnose", {"since_minutes": 60})
        refused = await client.call_tool("loopkit_handoff", {"loop_id": "loop_0"})
        return {
            "form": client.protocol_version,
            "tools": [tool.name for tool in tools],
            "found": found.structured_content,
            "refused": refused.is_error,
        }


@pytest.mark.parametrize("mode", FORMS)
def test_a_loop_begins(mode: str, server: Server) -> None:
    keys = server.call("POST", "/v1/signup", "", {"project_name": f"mcp-{mode}"}).json()
    now = datetime.now(UTC)
    spans = [span("place order", trace=f"{mode}{n}", at=now, error="no stock") for n in range(3)]
    assert server.call("POST", "/v1/traces", keys["producer_key"], request(*spans)).status == 202

    seen = asyncio.run(session(server.url, keys["agent_key"], mode))

    assert seen["form"] == FORMS[mode]
    assert seen["tools"] == [tool.name for tool in TOOLS]
    [issue] = seen["found"]["issues"]
    assert (issue["failures"], issue["text"]["title"]) == (3, "place order: no stock")
    assert seen["refused"]
