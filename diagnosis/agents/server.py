"""
The MCP server at `/mcp`, with the tools of diagnosis/agents/tools: https://modelcontextprotocol.io/specification/

The protocol, in its present and its earlier form, is django-mcpz's. Added here are the key of the project, bounds of
the body, and errors that say the next step. Each request stands alone; there are no sessions and no streams.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_mcpz.jsonrpc import (
    INVALID_REQUEST,
    PARSE_ERROR,
    MessageError,
    decode_message,
    error_response,
)
from django_mcpz.server import MCPServer, ToolError
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from diagnosis.agents import arguments, tool_words
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api, ApiRefusal
from diagnosis.agents.envelope import IN_ONE, cut_texts, visible
from diagnosis.agents.tools import TOOLS
from loopkit.http.error_answers import as_api_error, error_body
from loopkit.http.errors import ApiError
from loopkit.http.untrusted import WARNING
from tenants.keys.authentication import AgentKey, Principal
from tenants.limits import rate_limits

MOST_BYTES = 256 * 1024  # of a body
INSTRUCTIONS = (
    f"{WARNING} It stands under `text` in every answer.\n"
    "LoopKit finds recurring failures in production telemetry and lets a human approve each fix. The loop: "
    "loopkit_diagnose lists issues; loopkit_issue gives one with its plan and evidence; a human approves it in the "
    "admin (approve_url), never you; loopkit_loops state=approved is the work list; loopkit_handoff gives what was "
    "approved; make the change in the repository; loopkit_report says pr_opened, merged, shipped; loopkit_verify says "
    "whether it held. Answers fit `budget` tokens; `completeness` says what is left out and which argument brings it."
)
NO_KEY = "Send the header Authorization: Bearer with the project's agent key; see /auth.md. LoopKit takes no OAuth."


class AgentServer(MCPServer):
    """The server of the tools."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one message; a body that is too large or too deep is refused before it is read."""
        if request.method == "POST" and (problem := problem_of_body(request)):
            return problem
        return super().__call__(request)


def problem_of_body(request: HttpRequest) -> HttpResponse | None:
    """The refusal of a body that is too large or nested too deeply; None for others."""
    if len(request.body) > MOST_BYTES:
        message = f"The body is larger than {MOST_BYTES:,} bytes."
        return error_response(None, INVALID_REQUEST, message, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        decode_message(request.body)
    except RecursionError:
        return error_response(None, PARSE_ERROR, "Nested too deeply", status=HTTPStatus.BAD_REQUEST)
    except MessageError:  # the server answers it
        return None
    return None


def check_key(request: HttpRequest) -> HttpResponse | None:
    """None if the request has a key for a tool; else 401 or 403. The key stays with the request."""
    try:
        found = AgentKey().authenticate(Request(request))
    except AuthenticationFailed as error:
        return refused_key(401, "invalid_token", str(error.detail), getattr(error, "hint", NO_KEY))
    if found is None:
        return refused_key(401, "invalid_token", "A key is needed.", NO_KEY)
    principal = found[0]
    if not any(map(principal.has_scope, SCOPES)):
        message = f"This is a {principal.key.kind} key, which has no scope for a tool."
        return refused_key(403, "insufficient_scope", message, NO_KEY)
    request.principal = principal  # type: ignore[attr-defined]
    return None


def refused_key(status: int, code: str, message: str, hint: str) -> HttpResponse:
    """The refusal in OAuth's form, which clients show, with LoopKit's own error beside it."""
    challenge = (
        f'Bearer realm="loopkit", error="{code}", error_description="{message}", scope="{" ".join(SCOPES)}"'
    )
    body = {"error_description": f"{message} {hint}", "hint": hint}
    return JsonResponse({"error": code} | body, status=status, headers={"WWW-Authenticate": challenge})


def may_call(tool: AgentTool, request: HttpRequest) -> bool:
    """Whether the request's key has the scope of the tool."""
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal.has_scope(tool.scope)


def called_tool(tool: AgentTool, request: HttpRequest, sent: dict[str, Any]) -> dict[str, Any]:
    """The tool's answer. Raises ToolError, which the model reads, with the error as the HTTP API has it."""
    try:
        spend_call(request)
        with tool_words.naming_tools():
            answer = tool.answer(Api(request), arguments.checked_arguments(tool.arguments, sent))
        return dict(visible(answer))
    except ApiRefusal as refusal:
        raise ToolError(refusal_text(refusal.error)) from refusal
    except ApiError as error:
        raise ToolError(refusal_text(error_facts(error))) from error


def spend_call(request: HttpRequest) -> None:
    """Count the call for its key. Raises ApiError 429 above the rate."""
    principal: Principal = request.principal  # type: ignore[attr-defined]
    bucket = (principal.key.key_id, settings.LOOPKIT_AGENT_RATE, "this key")
    rate_limits.count_attempts("agent-tools", [bucket], "Tool")


def error_facts(error: ApiError) -> dict[str, Any]:
    """The error as the body of an HTTP answer has it."""
    plain = as_api_error(error)
    body = error_body(plain.code, plain.message, plain.hint, values=plain.values)
    error_facts: dict[str, Any] = body["error"]
    retry = plain.headers.get("Retry-After")
    return error_facts | ({"retry_after_s": int(retry)} if retry else {})


def refusal_text(error: dict[str, Any]) -> str:
    """The error as JSON, without the address of its documentation; its hint names tools."""
    shown = {name: value for name, value in error.items() if name != "docs_url"}
    return orjson.dumps(tool_words.with_tools(visible(cut_texts(shown, IN_ONE)))).decode()


def made_server() -> AgentServer:
    """The server with all tools."""
    server = AgentServer(
        name="loopkit",
        title="LoopKit",
        version=settings.LOOPKIT_VERSION,
        instructions=INSTRUCTIONS,
        auth=check_key,
    )
    for tool in TOOLS:
        server.tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=arguments.arguments_schema(tool.arguments),
            read_only=tool.is_read_only,
            destructive=False,
            idempotent=tool.is_idempotent,
            open_world=False,
            permission=partial(may_call, tool),
        )(partial(called_tool, tool))
    return server


SCOPES = tuple(dict.fromkeys(tool.scope for tool in TOOLS))
server = made_server()
