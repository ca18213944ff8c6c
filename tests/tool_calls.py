"""Calls of MCP tools through the whole application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

PRESENT = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": PRESENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The result of a call."""

    is_error: bool
    text: str
    content: dict[str, Any]  # {} of an error


def message(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}


def call_tool(call: Callable[..., Any], key: str, name: str, **arguments: Any) -> ToolAnswer:
    """Call a tool as a client of the earlier form of the protocol does, which sends no headers."""
    answer = call("POST", "/mcp", key, message("tools/call", {"name": name, "arguments": arguments}))
    assert answer.status_code == 200, answer.content
    result = orjson.loads(answer.content)["result"]
    [block] = result["content"]
    return ToolAnswer(result["isError"], block["text"], result.get("structuredContent", {}))


def call_in_present_form(
    call: Callable[..., Any], key: str, method: str, params: dict[str, Any] | None = None, **headers: str
) -> Any:
    """Send a request as a client of the present form does; returns the response."""
    sent = {"MCP-Protocol-Version": PRESENT, "Mcp-Method": method} | headers
    named = {"Mcp-Name": params["name"]} if params and "name" in params else {}
    return call("POST", "/mcp", key, message(method, (params or {}) | {"_meta": META}), **named, **sent)
