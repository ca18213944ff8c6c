"""
Reasons for which a model stopped that are failures, whatever the span's status: it gave no answer, or no call.

https://ai.google.dev/api/generate-content#FinishReason, https://platform.openai.com/docs/api-reference/chat/object,
https://docs.anthropic.com/en/api/handling-stop-reasons, https://docs.aws.amazon.com/bedrock/latest/APIReference/
API_runtime_Converse.html (`stopReason`), https://ai-sdk.dev/docs/reference/ai-sdk-core/generate-text (`finishReason`)
"""

from __future__ import annotations

from telemetry.short_cache import cached_if_short
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

# The model asked for a call that the provider could not read, or that it was not offered.
NO_CALL = frozenset(
    {"malformed_function_call", "malformed_tool_use", "unexpected_tool_call", "too_many_tool_calls"}
)
STOPPED = frozenset(
    {
        "error",
        "content_filter",
        "content_filtered",
        "safety",
        "image_safety",
        "recitation",
        "image_recitation",
        "blocklist",
        "prohibited_content",
        "image_prohibited_content",
        "spii",
        "language",
        "refusal",
        "guardrail_intervened",
        "model_armor",
        "malformed_model_output",
        "malformed_response",
    }
)
# What most calls end with, as it is written: no failure, at a glance.
FINE = frozenset({"", "stop", "STOP", "end_turn", "tool_calls", "tool_use", "tool-calls", "completed"})
REASONS_KNOWN = 256
UNEXPLAINED = "the model stopped with an error"  # the client says no more: spans around the call may


@cached_if_short(REASONS_KNOWN)
def stop_of(finish_reason: str) -> str:
    """The finish reason in the form of the lists above: of `FinishReason.SAFETY` and `content-filter`, too."""
    return finish_reason.lower().rpartition(".")[2].replace("-", "_")


def stopped_by_failure(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model call that ended without an answer; None for other ends."""
    if meaning.finish_reason in FINE:
        return None
    reason = stop_of(meaning.finish_reason)
    if reason not in STOPPED:
        return None
    message = UNEXPLAINED if reason == "error" else f"the model stopped without an answer: {reason}"
    return Failure("llm_call_failed", "medium", "", message)


def stopped_by_call(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model that asked for a call which the provider refused; None for other ends."""
    if meaning.finish_reason in FINE:
        return None
    reason = stop_of(meaning.finish_reason)
    if reason not in NO_CALL:
        return None
    return Failure(
        "malformed_output", "medium", reason, f"the model asked for a call that cannot be made: {reason}"
    )
