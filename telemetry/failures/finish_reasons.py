"""
Why a model stopped: the finish reasons of every provider, and what each means for the answer.

One table for all signals, as each provider's documentation or code has it, written as there. A reason is looked up by
its letters alone, so that every client's spelling of it is known: `max_tokens`, `MAX-TOKENS`, `maxTokens`,
`FinishReason.MAX_TOKENS`, `FINISH_REASON_MAX_TOKENS`, `<FinishReason.MAX_TOKENS: 2>`. A reason that no row has is fine:
providers add some, and an empty answer is a signal of its own. docs/diagnosis.md#finish-reasons shows the table.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from telemetry.short_cache import cached_if_short

# What a reason says of the answer: nothing is wrong with it, or the signal of the failure.
FINE, CUT, MALFORMED = "fine", "output_truncated", "malformed_output"
FAILED, REFUSED = "llm_call_failed", "answer_refused"
# Which outcome counts for a call with several choices: no answer, one that cannot be used, one withheld, one cut.
SEVERITY = (FAILED, MALFORMED, REFUSED, CUT, FINE)
LOOKED_UP = (
    "2026-11-30"  # when each row was compared with its source, or with the types of the provider's newest SDK
)
REASONS_KNOWN = 256


class Provider(NamedTuple):
    """A provider's reasons, as its source writes them, separated by blanks."""

    name: str
    source: str
    fine: str
    cut: str = ""
    malformed: str = ""
    failed: str = ""
    refused: str = ""

    @property
    def reasons(self) -> dict[str, str]:
        """What each of the reasons says of the answer."""
        columns = {FINE: self.fine, CUT: self.cut, MALFORMED: self.malformed}
        columns |= {FAILED: self.failed, REFUSED: self.refused}
        return {reason: outcome for outcome, reasons in columns.items() for reason in reasons.split()}


PROVIDERS = (
    Provider(
        "OpenTelemetry",
        "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-output-messages.json",
        fine="stop tool_call",
        cut="length",
        failed="error",
        refused="content_filter",
    ),
    Provider(
        "OpenAI Chat Completions, Azure, Groq, LiteLLM",
        "https://platform.openai.com/docs/api-reference/chat/object",
        fine="stop tool_calls function_call",
        cut="length",
        refused="content_filter",
    ),
    Provider(  # the status of a response, and the reason of its `incomplete_details`
        "OpenAI Responses",
        "https://platform.openai.com/docs/api-reference/responses/object",
        fine="completed in_progress queued cancelled steered",
        cut="max_output_tokens max_messages incomplete",
        failed="failed",
        refused="content_filter",
    ),
    Provider(
        "Anthropic",
        "https://docs.anthropic.com/en/api/handling-stop-reasons",
        fine="end_turn stop_sequence tool_use pause_turn",
        cut="max_tokens model_context_window_exceeded",
        refused="refusal",
    ),
    Provider(
        "Gemini",
        "https://ai.google.dev/api/generate-content#FinishReason",
        fine="FINISH_REASON_UNSPECIFIED STOP OTHER CONTINUATION",
        cut="MAX_TOKENS",
        malformed="MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MALFORMED_RESPONSE",
        failed="NO_IMAGE IMAGE_OTHER MISSING_THOUGHT_SIGNATURE PUP_LIMITED_DISABLED",
        refused="SAFETY RECITATION LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII ESCALATION "
        "IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION",
    ),
    Provider(
        "Vertex AI",
        "https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#FinishReason",
        fine="STOP OTHER",
        cut="MAX_TOKENS",
        malformed="MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL",
        refused="SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII MODEL_ARMOR",
    ),
    Provider(
        "Bedrock Converse",
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
        fine="end_turn tool_use stop_sequence",
        cut="max_tokens model_context_window_exceeded",
        malformed="malformed_model_output malformed_tool_use",
        refused="guardrail_intervened content_filtered",
    ),
    Provider(
        "Amazon Titan",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html",
        fine="FINISH FINISHED STOP_CRITERIA_MET",
        cut="LENGTH",
        failed="RAG_QUERY_WHEN_RAG_DISABLED",
        refused="CONTENT_FILTERED",
    ),
    Provider(
        "Cohere, OCI",
        "https://docs.cohere.com/reference/chat",
        fine="COMPLETE STOP_SEQUENCE TOOL_CALL USER_CANCEL",
        cut="MAX_TOKENS ERROR_LIMIT",
        failed="ERROR TIMEOUT",
        refused="ERROR_TOXIC",
    ),
    Provider(
        "Mistral",
        "https://docs.mistral.ai/api/#tag/chat",
        fine="stop tool_calls",
        cut="length model_length",
        failed="error",
    ),
    Provider(
        "DeepSeek",
        "https://api-docs.deepseek.com/api/create-chat-completion",
        fine="stop tool_calls",
        cut="length",
        failed="insufficient_system_resource",
        refused="content_filter",
    ),
    Provider(
        "xAI",
        "https://github.com/xai-org/xai-proto/blob/main/proto/xai/api/v1/sample.proto",
        fine="REASON_INVALID REASON_STOP REASON_TOOL_CALLS",
        cut="REASON_MAX_LEN REASON_MAX_CONTEXT",
        failed="REASON_TIME_LIMIT",
    ),
    Provider(
        "watsonx",
        "https://cloud.ibm.com/apidocs/watsonx-ai#text-generation",
        fine="not_finished eos_token stop_sequence cancelled tool_calls",
        cut="max_tokens token_limit",
        failed="time_limit error",
    ),
    Provider(
        "Ollama",
        "https://github.com/ollama/ollama/blob/main/docs/api.md",
        fine="stop load unload",
        cut="length",
    ),
    Provider(  # `abort`: the caller went away
        "vLLM, SGLang",
        "https://github.com/vllm-project/vllm/blob/main/vllm/v1/engine/__init__.py",
        fine="stop abort",
        cut="length repetition",
        failed="error",
    ),
    Provider(
        "Text Generation Inference, Together",
        "https://huggingface.co/docs/text-generation-inference/reference/api_reference",
        fine="eos_token stop_sequence eos stop tool_calls function_call",
        cut="length",
    ),
    Provider(
        "llama.cpp",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        fine="none eos word",
        cut="limit",
    ),
    Provider(
        "LM Studio",
        "https://lmstudio.ai/docs/typescript/api-reference/llm-prediction-stop-reason",
        fine="userStopped eosFound stopStringFound toolCalls",
        cut="maxPredictedTokensReached contextLengthReached",
        failed="failed modelUnloaded",
    ),
    Provider(
        "Vercel AI SDK",
        "https://github.com/vercel/ai/blob/main/packages/provider/src/language-model/v2/language-model-v2-finish-reason.ts",
        fine="stop tool-calls other unknown",
        cut="length",
        failed="error",
        refused="content-filter",
    ),
    Provider(
        "Mastra",
        "https://mastra.ai/docs/agents/guardrails",
        fine="abort",
        refused="tripwire",
    ),
    Provider(
        "Strands",
        "https://strandsagents.com/latest/documentation/docs/api-reference/python/types/event_loop",
        fine="end_turn tool_use stop_sequence interrupt checkpoint cancelled",
        cut="max_tokens limit_output_tokens limit_total_tokens limit_turns",
        refused="content_filtered guardrail_intervened",
    ),
    Provider(  # clients that name the parameter which set the limit
        "Names of limits",
        "https://huggingface.co/docs/transformers/main_classes/text_generation",
        fine="",
        cut="max_length max_new_tokens max_completion_tokens",
    ),
)
# Reasons that clients write as the numbers of their provider's enumeration, by the beginning of the model's name. Only
# numbers that mean one thing in each of the provider's interfaces: Gemini's and Vertex AI's differ from 9 on.
# https://github.com/googleapis/googleapis/blob/master/google/ai/generativelanguage/v1beta/generative_service.proto
NUMBERS = {
    "gemini": {"1": "STOP", "2": "MAX_TOKENS", "3": "SAFETY", "4": "RECITATION", "7": "BLOCKLIST"},
    "grok": {"1": "REASON_MAX_LEN", "2": "REASON_MAX_CONTEXT", "3": "REASON_STOP", "5": "REASON_TIME_LIMIT"},
}
REASON_PREFIX = re.compile(r"^(?:(?:chat)?(?:finish|stop|done)reason)+(?=.)")


class Ending(NamedTuple):
    """What a finish reason says of the answer, and the reason's name in one spelling."""

    outcome: str
    reason: str


def letters_of(reason: str) -> str:
    """Return the letters of a reason in small ones, without the name of the enumeration that it is from."""
    word = reason.strip("<>[](){}'\" ").partition(":")[0].rpartition(".")[2]
    return REASON_PREFIX.sub("", "".join(filter(str.isalnum, word)).lower())


def by_letters() -> dict[str, Ending]:
    """Return the endings of the table by the letters of their reasons. The first spelling of a reason is its name."""
    endings: dict[str, Ending] = {}
    for provider in PROVIDERS:
        for reason, outcome in provider.reasons.items():
            endings.setdefault(letters_of(reason), Ending(outcome, reason.lower().replace("-", "_")))
    return endings


ENDINGS = by_letters()
# As most clients write them: known at a glance.
WRITTEN_FINE = frozenset(
    reason for provider in PROVIDERS for reason, outcome in provider.reasons.items() if outcome == FINE
) | {""}
UNKNOWN = Ending(FINE, "")


def letters_that_say(outcome: str) -> frozenset[str]:
    """Return the letters of all reasons with this outcome."""
    return frozenset(letters for letters, ending in ENDINGS.items() if ending.outcome == outcome)


@cached_if_short(REASONS_KNOWN)
def ending_of(reasons_and_model: tuple[str, str]) -> Ending:
    """
    Return what the finish reasons of a call of this model say; UNKNOWN for reasons that no row has.

    A call may have several choices, with a reason each, joined by commas: the most severe one counts.
    """
    reasons, model = reasons_and_model
    endings = [ending_of_choice(reason, model) for reason in reasons.split(",")]
    return min(endings, key=lambda ending: (SEVERITY.index(ending.outcome), ending.reason))


def ending_of_choice(reason: str, model: str) -> Ending:
    """Return what one reason says."""
    if reason.strip().isdecimal():
        reason = reason.strip()
        name = model.rpartition("/")[2].lower()
        numbers = next((numbers for start, numbers in NUMBERS.items() if name.startswith(start)), {})
        reason = numbers.get(reason, "")
    return ENDINGS.get(letters_of(reason), UNKNOWN)
