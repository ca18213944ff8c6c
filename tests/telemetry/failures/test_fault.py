"""What a failed span tells about its failure."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from telemetry.spans.span import Span, SpanEvent
from tests.telemetry.span_builders import ERROR, exception, make_span

HEAD = "Traceback (most recent call last):\n"
CHAINED = (
    f'{HEAD}  File "/srv/app/shop/repo.py", line 54, in charge\n    raise Declined()\nshop.Declined: no\n\n'
    "The above exception was the direct cause of the following exception:\n\n"
    f'{HEAD}  File "/srv/.venv/lib/python3.11/site-packages/flask/app.py", line 1, in wsgi_app\n'
    '  File "/srv/app/shop/app.py", line 51, in checkout\n    raise CheckoutFailed()\n'
    "shop.CheckoutFailed: broke\n"
)


def judge(span: Span) -> Failure | None:
    return failure(span, conventions.read_meaning(span))


def test_the_exception_that_left_is_the_last_one() -> None:
    events = [exception("retry", "Retry"), exception("broke", "shop.CheckoutFailed", CHAINED)]

    judged = judge(make_span(status_code=ERROR, events=events))

    assert judged == Failure("error", "medium", "shop.CheckoutFailed", "broke", CHAINED)


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        (exception("late", "23", "TimeoutError: late\n    at node:internal/x:1:2"), "TimeoutError", "late"),
        (
            exception("no", "card_declined", "PaymentDeclinedError: no\n    at f (/a/b.js:1:2)"),
            "PaymentDeclinedError",
            "no",
        ),
        (
            exception("refused", "ECONNREFUSED", "Error: refused\n    at node:net:1:2"),
            "ECONNREFUSED",
            "refused",
        ),
        (
            exception(
                f"Slow('x')\n\n{HEAD}app.Slow: x y\n", "Exception", f"Exception: Slow\n{HEAD}app.Slow: x y\n"
            ),
            "app.Slow",
            "x y",
        ),
    ],
)
def test_the_stack_names_the_class_where_the_type_does_not(
    event: SpanEvent, error_type: str, message: str
) -> None:
    judged = judge(make_span(status_code=ERROR, events=[event]))

    assert judged is not None
    assert (judged.error_type, judged.message) == (error_type, message)


@pytest.mark.parametrize(
    ("attributes", "text", "error_type", "message"),
    [
        ({"error.type": "tool_error"}, "", "tool_error", "tool_error"),
        ({}, "KeyError: 'cancel_order'", "KeyError", "'cancel_order'"),
        ({}, "APITimeoutError('Request timed out.')", "APITimeoutError", "Request timed out."),
        ({}, f"Lost('x')\n{HEAD}  File \"a.py\", line 1, in f\n\nshop.Lost: x 1\n", "shop.Lost", "x 1"),
        ({}, "first line\nsecond line", "", "first line"),
        ({"http.status_code": 503}, "", "503", "HTTP 503"),
        ({}, "", "", "work"),
    ],
)
def test_a_failure_without_exception_is_told_by_what_is_there(
    attributes: dict[str, Any], text: str, error_type: str, message: str
) -> None:
    judged = judge(make_span(attributes=attributes, status_code=ERROR, status_message=text))

    assert judged is not None
    assert (judged.error_type, judged.message) == (error_type, message)


def test_messages_are_one_clean_line() -> None:
    judged = judge(make_span(status_code=ERROR, events=[exception("a\x00\n  b " + "x" * 900, "T\x00ype")]))

    assert judged is not None
    assert judged.message.startswith("a b x")
    assert len(judged.message) == 500
    assert "\x00" not in judged.error_type
