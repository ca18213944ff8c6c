"""
Gemini CLI: its events name the prompt that they belong to, which is one run of the agent.

A model call is the event of its response, or of its error; the event of its request says no more than these.
https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md#logs
"""

from telemetry.conventions.facts import SESSION, USER, AttributeNames
from telemetry.conventions.log_clients.log_client import EventForm, LogClient

CLIENT = LogClient(
    agent="gemini-cli",
    prefix="gemini_cli.",
    scopes=(),
    names=AttributeNames(
        session=SESSION,
        user=(*USER, "user.email"),
        tool=("function_name",),
        model=("model", "model_name"),
        input_tokens=("input_token_count",),
        output_tokens=("output_token_count",),
        finish=("finish_reasons",),
    ),
    run=("prompt_id",),
    session=("session.id",),
    call=(),
    sequence="",
    events={
        "gemini_cli.config": EventForm("graph_node"),
        "gemini_cli.user_prompt": EventForm("graph_node", is_run=True, input=("prompt",)),
        "gemini_cli.api_response": EventForm("llm_call", input=("request_text",), output=("response_text",)),
        "gemini_cli.api_error": EventForm("llm_call", error=("error.message", "error")),
        "gemini_cli.tool_call": EventForm(
            "tool_call", input=("function_args",), error=("error.message", "error")
        ),
        "gemini_cli.chat.content_retry_failure": EventForm("llm_call", error=("final_error_type",)),
    },
)
