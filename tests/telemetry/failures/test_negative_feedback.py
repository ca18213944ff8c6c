"""Users who were unhappy, and ratings that are not theirs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from telemetry.spans.span import Span, SpanEvent
from tests.telemetry.span_builders import captured, make_span


def judge(span: Span) -> Failure | None:
    return failure(span, conventions.read_meaning(span))


@pytest.mark.parametrize(("client", "expected"), [("py-openinference-openai", 12), ("node-aisdk-v5", 5)])
def test_unhappy_users_are_counted_once_each(client: str, expected: int) -> None:
    signals = Counter(judged.signal_type for span in captured(client) if (judged := judge(span)))

    assert signals["user_signal"] == expected


@pytest.mark.parametrize(
    "rating",
    [
        SpanEvent("user_feedback", 1, {"score": -1, "thumbs": "down"}),
        SpanEvent("feedback", 1, {"score": 0.0, "label": "thumbs_down"}),
        SpanEvent("user_feedback", 1, {"score": 1, "label": "thumbs-down"}),
        SpanEvent(
            "gen_ai.evaluation.result",
            1,
            {"gen_ai.evaluation.name": "user_thumbs", "gen_ai.evaluation.score.value": -1.0},
        ),
    ],
)
def test_a_negative_rating_is_a_user_signal(rating: SpanEvent) -> None:
    judged = judge(make_span(events=[rating]))

    assert judged is not None
    assert (judged.signal_type, judged.severity) == ("user_signal", "low")


@pytest.mark.parametrize(
    "rating",
    [
        SpanEvent("user_feedback", 1, {"score": 1}),
        SpanEvent("feedback", 1, {"score": 0, "label": "thumbs_up"}),
        SpanEvent("feedback", 1, {"comment": "hello"}),
        SpanEvent(
            "gen_ai.evaluation.result",
            1,
            {"gen_ai.evaluation.name": "toxicity", "gen_ai.evaluation.score.value": 0},
        ),
        SpanEvent("results", 1, {"score": 0}),
    ],
)
def test_other_ratings_are_not(rating: SpanEvent) -> None:
    assert judge(make_span(events=[rating])) is None


def test_a_program_that_rates_is_not_a_user() -> None:
    prefix = "annotations.0.annotation."
    attributes = {prefix + "score": 0, prefix + "label": "bad", prefix + "annotator_kind": "LLM"}

    assert judge(make_span(attributes=attributes)) is None


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            {
                "annotations.0.annotation.label": "thumbs-up",
                "annotations.1.annotation.label": "thumbs-down",
                "annotations.1.annotation.explanation": "the wrong parcel",
                "annotations.1.annotation.annotator_kind": "HUMAN",
            },
            "the wrong parcel",
        ),
        ({"session.annotations.0.annotation.score": 0}, "negative user feedback"),
        (
            {"trace.evaluations.0.evaluation.label": "wrong", "trace.evaluations.0.evaluation.annotator_kind": "human"},
            "wrong",
        ),
        (
            {"logfire.feedback.name": "thumbs", "thumbs": False, "logfire.feedback.comment": "no"},
            "no",
        ),
        ({"logfire.feedback.name": "mood", "mood": "negative"}, "negative"),
        ({"feedback.name": "thumbs", "feedback.assertion": False}, "negative user feedback"),
        (
            {"gen_ai.evaluation.name": "user_thumbs", "gen_ai.evaluation.score.label": "down"},
            "down",
        ),
    ],
)  # fmt: skip
def test_a_complaint_in_attributes_is_heard(attributes: dict[str, Any], message: str) -> None:
    judged = judge(make_span(attributes=attributes))

    assert judged == Failure("user_signal", "low", "", message)


@pytest.mark.parametrize(
    "attributes",
    [
        {"evaluations.0.evaluation.label": "bad", "evaluations.0.evaluation.name": "judge"},
        {"evaluations.0.evaluation.score": 0, "evaluations.0.evaluation.annotator_kind": "LLM"},
        {"annotations.0.annotation.score": 0, "annotations.0.annotation.annotator_kind": "CODE"},
        {"annotations.0.annotation.name": "note", "annotations.0.annotation.explanation": "hello"},
        {"logfire.feedback.name": "thumbs", "thumbs": True},
        {"logfire.feedback.name": "thumbs"},
        {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.0},
        {"annotations.0.annotation": "bad"},
    ],
)
def test_attributes_that_are_no_complaint_are_not(attributes: dict[str, Any]) -> None:
    assert judge(make_span(attributes=attributes)) is None
