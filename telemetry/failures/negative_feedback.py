"""
Negative feedback of users on an answer: feedback events, annotations, evaluations by people.

https://github.com/Arize-ai/openinference/blob/main/spec/annotations.md
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
https://logfire.pydantic.dev/docs/reference/api/annotations/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telemetry.conventions.content import numbered_objects
from telemetry.conventions.log_clients import CLIENTS
from telemetry.spans.attribute_lookup import Attributes, first_text
from telemetry.spans.joining_log import EVENT_NAME as LOG_EVENT
from telemetry.spans.span import Span

# Log events of clients: records of their own, or events of the span that they name.
OF_CLIENTS = frozenset(
    name for client in CLIENTS.clients for name, form in client.events.items() if form.is_rating
)
EVENTS = frozenset({"user_feedback", "user.feedback", "feedback", "gen_ai.user.feedback", *OF_CLIENTS})
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
RATINGS = ("rating", "feedback.rating")  # a label where it is a text, else a score
COMMENTS = ("comment", "feedback.comment", "explanation", "gen_ai.evaluation.explanation", "feedback.text")
LOGFIRE = "logfire.feedback.name"  # names the attribute that holds the value
RATED = frozenset({"feedback.score", "feedback.label", "feedback.assertion"})
# OpenInference: `trace.annotations.0.annotation.score`; further annotations have the next numbers.
LISTS = {
    f"{about}{kind}s.": f"{about}{kind}s.0.{kind}."
    for about in ("", "trace.", "session.")
    for kind in ("annotation", "evaluation")
}
FIRST_OF_LIST = {
    opening + fact: prefix for prefix, opening in LISTS.items() for fact in ("score", "label", "name")
}
MARKS = frozenset({*RATED, *FIRST_OF_LIST, LOGFIRE, LOG_EVENT, "gen_ai.evaluation.name"})


def complaint(span: Span) -> str | None:
    """Return the comment of the first negative rating, else its label or a fixed text; None without such a rating."""
    if not span.events and not may_rate(span):
        return None
    for ratings in ratings_of(span):
        if is_negative(ratings):
            return first_text(ratings, COMMENTS) or label_of(ratings) or "negative user feedback"
    return None


def may_rate(span: Span) -> bool:
    """Whether the attributes of the span may be a rating: of nearly none they are."""
    return not MARKS.isdisjoint(span.attributes)


def ratings_of(span: Span) -> Iterator[Attributes]:
    """Yield the attributes of each rating by a person on the span."""
    for event in span.events:
        if event.name in EVENTS or (event.name == EVALUATION and is_by_a_user(event.attributes)):
            yield event.attributes
    attributes = span.attributes
    marks = MARKS.intersection(attributes)
    is_rating = bool(marks & RATED) or first_text(attributes, (LOG_EVENT,)) in OF_CLIENTS
    if is_rating or ("gen_ai.evaluation.name" in marks and is_by_a_user(attributes)):
        yield attributes
    if LOGFIRE in marks:
        yield logfire(attributes)
    for prefix in {FIRST_OF_LIST[mark]: None for mark in sorted(marks & FIRST_OF_LIST.keys())}:
        yield from numbered_ratings(attributes, prefix)


def logfire(attributes: Attributes) -> Attributes:
    """Return the rating that Logfire's `record_feedback` wrote: a text is a label, a number or boolean a score."""
    value = attributes.get(first_text(attributes, (LOGFIRE,)))
    comment = first_text(attributes, ("logfire.feedback.comment",))
    return {"label" if isinstance(value, str) else "score": value, "comment": comment}


def numbered_ratings(attributes: Attributes, prefix: str) -> Iterator[Attributes]:
    """Yield the annotations or evaluations by people under the prefix, in the order of their numbers."""
    for entry in numbered_objects(attributes, prefix) or []:
        facts = next(iter(entry.values()), None) if isinstance(entry, dict) and len(entry) == 1 else entry
        if isinstance(facts, dict) and is_by_a_person(facts, prefix):
            yield facts


def is_by_a_person(facts: Attributes, prefix: str) -> bool:
    """Whether a person made it: true of annotations unless they say otherwise, of evaluations only if they say so."""
    kind = str(facts.get("annotator_kind") or "").upper()
    return kind == "HUMAN" or (not kind and prefix.endswith("annotations."))


def is_by_a_user(attributes: Attributes) -> bool:
    """Whether the evaluation's name says that a user made it; most evaluations are made by programs."""
    name = str(attributes.get("gen_ai.evaluation.name") or "").lower()
    return any(word in name for word in ("user", "thumb", "feedback", "human", "csat"))


def is_negative(ratings: Attributes) -> bool:
    """Whether the rating is bad: by its label, since scales differ; without a known label, if its score is bad."""
    label = label_of(ratings).strip().lower()
    if label in NEGATIVE or ratings.get("feedback.assertion") is False:
        return True
    if label in POSITIVE:
        return False
    return any(is_bad_score(ratings.get(name)) for name in SCORES)


def label_of(ratings: Attributes) -> str:
    """The label of a rating; "" without one."""
    texts = (ratings[name] for name in RATINGS if isinstance(ratings.get(name), str))
    return first_text(ratings, LABELS) or next(texts, "")


def is_bad_score(value: Any) -> bool:
    """Whether the score is False, or zero or below: bad on any scale that starts at zero or minus one."""
    if isinstance(value, bool):
        return not value
    return isinstance(value, int | float) and value <= 0
