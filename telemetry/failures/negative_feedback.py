"""
What users say about an answer, when it is bad: feedback events, annotations, evaluations by people.

https://github.com/Arize-ai/openinference/blob/main/spec/annotations.md
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
https://logfire.pydantic.dev/docs/reference/api/annotations/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telemetry.conventions.content import numbered
from telemetry.spans.attribute_lookup import Attributes, first
from telemetry.spans.span import Span

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
        "not_helpful",
        "not helpful",
        "incorrect",
        "wrong",
        "👎",
    }
)
POSITIVE = frozenset(
    {
        "positive",
        "thumbs-up",
        "thumbs_up",
        "thumbsup",
        "thumbs up",
        "up",
        "good",
        "like",
        "helpful",
        "correct",
        "👍",
    }
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
LOGFIRE = "logfire.feedback.name"  # names the attribute that holds the value
RATED = frozenset({"feedback.score", "feedback.label", "feedback.assertion"})
# OpenInference: `trace.annotations.0.annotation.score`, and more of them under the next numbers.
LISTS = {
    f"{about}{kind}s.": f"{about}{kind}s.0.{kind}."
    for about in ("", "trace.", "session.")
    for kind in ("annotation", "evaluation")
}
FIRST_OF_LIST = {
    opening + fact: prefix for prefix, opening in LISTS.items() for fact in ("score", "label", "name")
}
MARKS = frozenset({*RATED, *FIRST_OF_LIST, LOGFIRE, "gen_ai.evaluation.name"})


def complaint(span: Span) -> str | None:
    """What the user wrote, or a plain sentence; None when no user was unhappy."""
    if not span.events and MARKS.isdisjoint(span.attributes):
        return None  # nearly every span
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
    marks = MARKS.intersection(attributes)
    if marks & RATED or ("gen_ai.evaluation.name" in marks and is_by_a_user(attributes)):
        yield attributes
    if LOGFIRE in marks:
        yield logfire(attributes)
    for prefix in {FIRST_OF_LIST[mark]: None for mark in sorted(marks & FIRST_OF_LIST.keys())}:
        yield from listed(attributes, prefix)


def logfire(attributes: Attributes) -> Attributes:
    """Logfire's `record_feedback`: numbers are scores, texts are labels, truth values are assertions."""
    value = attributes.get(first(attributes, (LOGFIRE,)))
    comment = first(attributes, ("logfire.feedback.comment",))
    return {"label" if isinstance(value, str) else "score": value, "comment": comment}


def listed(attributes: Attributes, prefix: str) -> Iterator[Attributes]:
    """The annotations or evaluations under the prefix, by number."""
    for entry in numbered(attributes, prefix) or []:
        facts = next(iter(entry.values()), None) if isinstance(entry, dict) and len(entry) == 1 else entry
        if isinstance(facts, dict) and is_by_a_person(facts, prefix):
            yield facts


def is_by_a_person(facts: Attributes, prefix: str) -> bool:
    """Annotations are a person's unless they say otherwise; evaluations are a program's unless they do."""
    kind = str(facts.get("annotator_kind") or "").upper()
    return kind == "HUMAN" or (not kind and prefix.endswith("annotations."))


def is_by_a_user(attributes: Attributes) -> bool:
    """Most evaluations are made by programs; those of users say so in their name."""
    name = str(attributes.get("gen_ai.evaluation.name") or "").lower()
    return any(word in name for word in ("user", "thumb", "feedback", "human", "csat"))


def is_negative(ratings: Attributes) -> bool:
    """The label decides, since scales differ; without a known one, zero and below are bad."""
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
