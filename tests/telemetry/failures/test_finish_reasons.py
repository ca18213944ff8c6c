"""What each provider's finish reason says of the answer, however the client spells it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import conventions
from telemetry.classify import failure
from telemetry.failures.finish_reasons import (
    CUT,
    FAILED,
    FINE,
    LOOKED_UP,
    MALFORMED,
    PROVIDERS,
    REFUSED,
    ending_of,
    letters_of,
)
from telemetry.failures.stop_reasons import UNEXPLAINED
from telemetry.spans.meaning import Failure
from telemetry.spans.span import SpanEvent
from tests import ROOT
from tests.telemetry.span_builders import OK, make_span

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
ANSWER = '[{"role": "assistant", "parts": [{"type": "text", "content": "It is on its way."}]}]'
OUTCOMES = (FINE, CUT, MALFORMED, FAILED, REFUSED)


def judge(reason: Any, **attributes: Any) -> Failure | None:
    facts = {**CHAT, "gen_ai.output.messages": ANSWER, "gen_ai.response.finish_reasons": reason, **attributes}
    span = make_span(attributes=facts, status_code=OK)
    return failure(span, conventions.read_meaning(span))


def signal_of(reason: Any, **attributes: Any) -> str:
    judged = judge(reason, **attributes)
    return judged.signal_type if judged else FINE


def spellings(reason: str) -> list[str]:
    """A reason as clients in several languages write it."""
    words = reason.lower().replace("-", "_").split("_")
    camel = "".join(word.capitalize() for word in words)
    snake = "_".join(words).upper()
    return [
        reason,
        f"FinishReason.{snake}",
        f"FINISH_REASON_{snake}",
        f"<FinishReason.{snake}: 7>",
        f"FinishReason{camel}",
        f"ChatFinishReason.{camel}",
        camel[:1].lower() + camel[1:],
        "-".join(words),
        " ".join(words),
        f"['{reason}']",
    ]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_each_reason_has_its_outcome_in_every_spelling(provider: Any) -> None:
    told = {
        spelling: ending_of((spelling, "m")).outcome
        for reason in provider.reasons
        for spelling in spellings(reason)
    }

    assert told == {
        spelling: outcome for reason, outcome in provider.reasons.items() for spelling in spellings(reason)
    }


def test_no_reason_means_two_things() -> None:
    meant: dict[str, set[str]] = {}
    for provider in PROVIDERS:
        for reason, outcome in provider.reasons.items():
            meant.setdefault(letters_of(reason), set()).add(outcome)

    assert [letters for letters, outcomes in meant.items() if len(outcomes) > 1] == []


@pytest.mark.parametrize(
    ("reason", "signal"),
    [
        (["stop", "stop"], FINE),
        (["stop", "length"], CUT),
        (["length", "stop"], CUT),
        (["length", "content_filter", "stop"], REFUSED),
        (["content_filter", "error"], FAILED),
        (["length", "MALFORMED_FUNCTION_CALL"], MALFORMED),
        ('["Stop","N/A"]', FINE),  # Semantic Kernel for .NET
        ('["N/A","Length"]', CUT),
        ('["STOP", "SAFETY"]', REFUSED),  # Spring AI
        ("FinishReason.STOP,FinishReason.STOP", FINE),  # Semantic Kernel for Python
        ("FinishReason.STOP,FinishReason.CONTENT_FILTER", REFUSED),
        ("(<FinishReason.STOP: 1>, <FinishReason.MAX_TOKENS: 2>)", CUT),
        ([None, 7, {}, "max_tokens"], CUT),
        ("pause_turn", FINE),
        ("guardrail_intervened", REFUSED),
        ("insufficient_system_resource", FAILED),
        ("malformed_model_output", MALFORMED),
        ("TOO_MANY_TOOL_CALLS", MALFORMED),
        ("model_length", CUT),
        ("FinishReason.IMAGE_RECITATION", REFUSED),
        ("", FINE),
        ("a_reason_of_next_year", FINE),
        ("cancelled", FINE),
        ([], FINE),
        ({"reason": "length"}, FINE),
    ],
)
def test_a_reason_decides_without_an_error_status(reason: Any, signal: str) -> None:
    assert signal_of(reason) == signal


@pytest.mark.parametrize(
    ("model", "reason", "signal"),
    [
        ("gemini-2.5-pro", 2, CUT),
        ("models/gemini-2.5-pro", "3", REFUSED),
        ("gemini-2.5-pro", 1, FINE),
        ("gemini-2.5-pro", 9, FINE),  # SPII, or a malformed call in Vertex AI
        ("grok-4", 1, CUT),
        ("grok-4", "3", FINE),
        ("gpt-4o", "2", FINE),
        ("gemini-2.5-pro", 0, FINE),
    ],
)
def test_a_number_is_read_by_the_models_provider(model: str, reason: Any, signal: str) -> None:
    assert signal_of([reason], **{"gen_ai.request.model": model}) == signal


@pytest.mark.parametrize(
    ("details", "signal"),
    [
        ('{"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}', CUT),
        ('{"incomplete_details":{"reason":"content_filter"},"status":"incomplete"}', REFUSED),
        ('{"status": "completed", "incomplete_details": null, "output": [{"text": "well"}]}', FINE),
    ],
)
def test_the_reason_of_an_incomplete_response_is_found_in_it(details: str, signal: str) -> None:
    facts = {"gen_ai.output.messages": details}

    assert signal_of(None, **facts) == signal


@given(st.permutations([reason for provider in PROVIDERS for reason in list(provider.reasons)[:1]][:8]))
def test_the_order_of_the_choices_does_not_matter(reasons: list[str]) -> None:
    assert judge(reasons) == judge(sorted(reasons))


@given(st.lists(st.sampled_from(["stop", "length", "content_filter", "error"]), min_size=1, max_size=6))
def test_the_most_severe_choice_counts_wherever_choices_are_recorded(reasons: list[str]) -> None:
    expected = next(
        outcome
        for outcome, reason in zip(
            (FAILED, REFUSED, CUT, FINE), ("error", "content_filter", "length", "stop"), strict=True
        )
        if reason in reasons
    )
    messages = [
        {"role": "assistant", "parts": [{"type": "text", "content": "ok"}], "finish_reason": reason}
        for reason in reasons
    ]
    numbered = {f"gen_ai.completion.{number}.finish_reason": reason for number, reason in enumerate(reasons)}
    choices = [
        SpanEvent("gen_ai.choice", 1, {"message": "ok", "finish_reason": reason}) for reason in reasons
    ]

    assert signal_of(reasons) == signal_of(json.dumps(reasons)) == expected
    assert signal_of(None, **{"gen_ai.output.messages": json.dumps(messages)}) == expected
    assert signal_of(None, **{"gen_ai.output.messages": messages}) == expected
    assert signal_of(None, **numbered) == expected
    span = make_span(attributes=CHAT, events=choices)
    failed = failure(span, conventions.read_meaning(span))
    assert (failed.signal_type if failed else FINE) == expected


def test_the_messages_name_the_reason_in_one_spelling() -> None:
    told = {reason: judge(reason) for reason in ("MAX_TOKENS", "SAFETY", "error", "content-filter")}

    assert {reason: judged and judged.message for reason, judged in told.items()} == {
        "MAX_TOKENS": "the model stopped early: max_tokens",
        "SAFETY": "the answer was refused: safety",
        "error": UNEXPLAINED,
        "content-filter": "the answer was refused: content_filter",
    }


def test_the_call_that_the_provider_refused_is_named_where_the_answer_has_it() -> None:
    answer = '[{"parts": [{"type": "tool_call", "name": "fly", "arguments": "{}"}]}]'
    facts = {"gen_ai.output.messages": answer, "gen_ai.tool.definitions": '[{"name": "pay"}]'}

    judged = judge("MALFORMED_FUNCTION_CALL", **facts)

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == (MALFORMED, "unknown_tool")


def shown(provider: Any) -> str:
    """The provider's row in the documentation."""
    columns = [
        ", ".join(f"`{reason}`" for reason, outcome in provider.reasons.items() if outcome == column)
        for column in OUTCOMES
    ]
    return f"| [{provider.name}]({provider.source}) | {' | '.join(columns)} |".replace("|  |", "| |").replace(
        "|  |", "| |"
    )


def test_the_documentation_shows_the_table() -> None:
    page = (ROOT / "docs" / "diagnosis.md").read_text()

    assert [provider.name for provider in PROVIDERS if shown(provider) not in page] == []
    assert f"as its source had them on {LOOKED_UP}" in page
