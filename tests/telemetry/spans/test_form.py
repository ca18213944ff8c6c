"""What is worked out once for all spans with the same scope and the same names of attributes."""

from __future__ import annotations

import pytest

from telemetry import conventions
from telemetry.conventions.facts import GENERAL
from telemetry.signals import SIGNALS
from telemetry.spans import form
from telemetry.spans.form import form_of, once_a_form
from telemetry.spans.span import Span
from tests.telemetry.span_builders import CLIENTS, captured, make_span


@pytest.fixture(autouse=True)
def no_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "_forms", {})


def test_spans_with_the_same_names_share_what_was_worked_out() -> None:
    asked = []

    @once_a_form
    def names(span: Span) -> list[str]:
        asked.append(span.name)
        return list(span.attributes)

    first, second = (make_span(name, attributes={"user.id": name}) for name in ("a", "b"))
    other = make_span("c", attributes={"session.id": "a"})
    elsewhere = make_span("d", scope="elsewhere", attributes={"user.id": "a"})

    assert [names(span) for span in (first, second, other, elsewhere)] == [
        ["user.id"], ["user.id"], ["session.id"], ["user.id"],
    ]  # fmt: skip
    assert asked == ["a", "c", "d"]


def test_names_that_read_alike_together_are_other_forms() -> None:
    assert form_of("", ["a", "bc"]) is not form_of("", ["ab", "c"])
    assert form_of("a", ["b"]) is not form_of("", ["a", "b"])


def test_what_is_remembered_is_bounded() -> None:
    for number in range(2 * form.MOST_FORMS):
        form_of("scope", [f"name.{number}"])
    assert len(form._forms) <= form.MOST_FORMS

    form_of("scope", ["n" * form.LONGEST])
    assert max(sum(map(len, key)) for key in form._forms) <= form.LONGEST

    span = make_span(attributes={"user.id": "a"})
    for _ in range(2 * form.MOST_KNOWN):
        once_a_form(lambda span: 1)(span)
    assert len(span.form) <= form.MOST_KNOWN


@pytest.mark.parametrize("client", CLIENTS)
def test_a_rule_that_concerns_no_span_of_a_form_finds_nothing_in_one(client: str) -> None:
    for span in captured(client):
        meaning = conventions.read_meaning(span)
        if not span.events:
            for rule in SIGNALS.later_rules[meaning.unit if meaning.unit in SIGNALS.later_rules else ""]:
                assert rule.concerns(span) or rule.rule(span, meaning) is None


def test_the_names_of_a_fact_keep_their_order() -> None:
    span = make_span(attributes={"user_id": "b", "session_id": "s", "user.id": "a"})

    assert GENERAL.among(span).user == ("user.id", "user_id")
    assert GENERAL.among(span).session == ("session_id",)
