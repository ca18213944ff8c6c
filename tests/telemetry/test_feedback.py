"""Users who were unhappy, and ratings that are not theirs."""

from __future__ import annotations

from collections import Counter

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.meaning import Failure
from telemetry.span import Event, Span
from tests.telemetry.spans import captured, make_span


def judge(span: Span) -> Failure | None:
    return failure(span, conventions.read(span))


@pytest.mark.parametrize(("client", "expected"), [("py-openinference-openai", 12), ("node-aisdk-v5", 5)])
def test_unhappy_users_are_counted_once_each(client: str, expected: int) -> None:
    signals = Counter(judged.signal_type for span in captured(client) if (judged := judge(span)))

    assert signals["user_signal"] == expected


@pytest.mark.parametrize(
    "rating",
    [
        Event("user_feedback", 1, {"score": -1, "thumbs": "down"}),
        Event("feedback", 1, {"score": 0.0, "label": "thumbs_down"}),
        Event("user_feedback", 1, {"score": 1, "label": "thumbs-down"}),
        Event(
            "gen_ai.evaluation.result",
            1,
            {"gen_ai.evaluation.name": "user_thumbs", "gen_ai.evaluation.score.value": -1.0},
        ),
    ],
)
def test_a_negative_rating_is_a_user_signal(rating: Event) -> None:
    judged = judge(make_span(events=[rating]))

    assert judged is not None
    assert (judged.signal_type, judged.severity) == ("user_signal", "low")


@pytest.mark.parametrize(
    "rating",
    [
        Event("user_feedback", 1, {"score": 1}),
        Event("feedback", 1, {"score": 0, "label": "thumbs_up"}),
        Event("feedback", 1, {"comment": "hello"}),
        Event(
            "gen_ai.evaluation.result",
            1,
            {"gen_ai.evaluation.name": "toxicity", "gen_ai.evaluation.score.value": 0},
        ),
        Event("results", 1, {"score": 0}),
    ],
)
def test_other_ratings_are_not(rating: Event) -> None:
    assert judge(make_span(events=[rating])) is None


def test_a_program_that_rates_is_not_a_user() -> None:
    prefix = "annotations.0.annotation."
    attributes = {prefix + "score": 0, prefix + "label": "bad", prefix + "annotator_kind": "LLM"}

    assert judge(make_span(attributes=attributes)) is None
