"""
What users say about an answer, when it is bad: feedback events, annotations, evaluations by people.

https://github.com/Arize-ai/openinference/blob/main/spec/annotations.md
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telemetry.conventions.lookup import Attributes, first
from telemetry.span import Span

EVENTS = ("user_feedback", "user.feedback", "feedback", "gen_ai.user.feedback")
EVALUATION = "gen_ai.evaluation.result"
NEGATIVE = frozenset(
    {
        "negative",
        "thumbs-down",
        "thumbs_down",
        "thumbsdown",
        "thumbs down",
        "down",
        "bad",
        "dislike",
        "unhelpful",
        "👎",
    }
)
POSITIVE = frozenset(
    {"positive", "thumbs-up", "thumbs_up", "thumbsup", "thumbs up", "up", "good", "like", "helpful", "👍"}
)
SCORES = ("score", "feedback.score", "gen_ai.evaluation.score.value", "rating", "feedback.rating", "value")
LABELS = (
    "label",
    "feedback.label",
    "gen_ai.evaluation.score.label",
    "thumbs",
    "sentiment",
    "feedback.sentiment",
)
COMMENTS = ("comment", "feedback.comment", "explanation", "gen_ai.evaluation.explanation", "feedback.text")
ANNOTATIONS = (
    "annotations.0.annotation.",
    "trace.annotations.0.annotation.",
    "session.annotations.0.annotation.",
)
ANNOTATION_FACTS = ("score", "label", "explanation", "annotator_kind")


def complaint(span: Span) -> str | None:
    """What the user wrote, or a plain sentence; None when no user was unhappy."""
    for ratings in given(span):
        if is_negative(ratings):
            return first(ratings, COMMENTS) or first(ratings, LABELS) or "negative user feedback"
    return None


def given(span: Span) -> Iterator[Attributes]:
    """Each rating by a person that the span carries."""
    for event in span.events:
        if event.name in EVENTS or (event.name == EVALUATION and is_by_a_user(event.attributes)):
            yield event.attributes
    attributes = span.attributes
    if "feedback.score" in attributes or "feedback.label" in attributes or "feedback.assertion" in attributes:
        yield attributes
    for prefix in ANNOTATIONS:
        if prefix + "score" in attributes or prefix + "label" in attributes:
            yield {
                name: attributes[prefix + name] for name in ANNOTATION_FACTS if prefix + name in attributes
            }


def is_by_a_user(attributes: Attributes) -> bool:
    """Most evaluations are made by programs; those of users say so in their name."""
    name = str(attributes.get("gen_ai.evaluation.name") or "").lower()
    return any(word in name for word in ("user", "thumb", "feedback", "human", "csat"))


def is_negative(ratings: Attributes) -> bool:
    """The label decides, since scales differ; without a known one, zero and below are bad."""
    if str(ratings.get("annotator_kind") or "HUMAN").upper() != "HUMAN":
        return False
    label = first(ratings, LABELS).strip().lower()
    if label in NEGATIVE or ratings.get("feedback.assertion") is False:
        return True
    if label in POSITIVE:
        return False
    return any(is_bad_score(ratings.get(name)) for name in SCORES)


def is_bad_score(value: Any) -> bool:
    """Zero or below, on any scale that starts at zero or minus one."""
    if isinstance(value, bool):
        return not value
    return isinstance(value, int | float) and value <= 0
