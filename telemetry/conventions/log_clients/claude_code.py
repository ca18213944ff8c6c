"""
Claude Code and the Claude Agent SDK: the events of their default set-up, which sends no spans.

Texts are `<REDACTED>` unless their logging is switched on. One prompt is one run of the agent. An answer's event has
the `request_id` of its call where the API gives one; without it, it is the next event in `event.sequence`, as version
2.1 sends it.
https://code.claude.com/docs/en/monitoring-usage#events
"""

from telemetry.conventions.facts import SESSION, USER, AttributeNames
from telemetry.conventions.log_clients.log_client import EventForm, LogClient

ANSWER = ("response", "response.model_output", "body")
CLIENT = LogClient(
    agent="claude-code",
    prefix="claude_code.",
    scopes=("com.anthropic.claude_code*",),
    names=AttributeNames(
        session=SESSION,
        user=(*USER, "user.email", "user.account_uuid"),
        tool=("tool_name",),
        model=("model",),
        input_tokens=("input_tokens",),
        output_tokens=("output_tokens",),
        finish=("stop_reason",),
    ),
    run=("prompt.id",),
    session=("session.id",),
    call=("request_id",),
    sequence="event.sequence",
    events={
        "claude_code.user_prompt": EventForm("graph_node", is_run=True, input=("prompt",)),
        "claude_code.api_request": EventForm("llm_call", output=ANSWER),
        "claude_code.api_error": EventForm("llm_call", error=("error", "status_code")),
        "claude_code.assistant_response": EventForm(output=ANSWER, answers="claude_code.api_request"),
        # Whole requests and responses as JSON, where OTEL_LOG_RAW_API_BODIES is set. A request does not name its call.
        "claude_code.api_request_body": EventForm(input=("body",), is_own=True),
        "claude_code.api_response_body": EventForm(output=ANSWER, answers="claude_code.api_request"),
        "claude_code.tool_result": EventForm(
            "tool_call",
            input=("tool_input", "tool_parameters"),
            error=("error", "error_type"),
            call=("tool_use_id",),
        ),
        "claude_code.tool_decision": EventForm(input=("tool_parameters",)),
        "claude_code.internal_error": EventForm(error=("error_name", "error_code")),
        "claude_code.mcp_server_connection": EventForm(
            error=("error", "error_code"), only=("status", frozenset())
        ),
    },
)
