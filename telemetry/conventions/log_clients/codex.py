"""
OpenAI's Codex: a conversation is one trace, since its events name no run.

A model call is the event at its end, `response.completed`, which has the tokens; a request or a stream counts as a call
only if it failed. Prompts are `[REDACTED]` unless their logging is switched on.
https://github.com/openai/codex/blob/main/docs/config.md#observability-and-telemetry
"""

from telemetry.conventions.facts import SESSION, USER, AttributeNames
from telemetry.conventions.log_clients.log_client import EventForm, LogClient

CLIENT = LogClient(
    agent="codex",
    prefix="codex.",
    scopes=(),
    names=AttributeNames(
        session=("conversation.id", *SESSION),
        user=(*USER, "user.account_id", "user.email"),
        tool=("tool_name",),
        model=("model", "slug"),
        input_tokens=("input_token_count",),
        output_tokens=("output_token_count",),
    ),
    run=(),
    session=("conversation.id", "session.id"),
    call=(),
    sequence="",
    events={
        "codex.conversation_starts": EventForm("graph_node"),
        "codex.user_prompt": EventForm("graph_node", input=("prompt",)),
        "codex.api_request": EventForm("llm_call", error=("error.message",), only=("attempt", frozenset())),
        "codex.websocket_request": EventForm(
            "llm_call", error=("error.message",), only=("attempt", frozenset())
        ),
        "codex.sse_event": EventForm(
            "llm_call", error=("error.message",), only=("event.kind", frozenset({"response.completed"}))
        ),
        "codex.tool_result": EventForm(
            "tool_call", input=("arguments",), output=("output",), error=("error.message", "output")
        ),
        "codex.tool_decision": EventForm(),
    },
)
