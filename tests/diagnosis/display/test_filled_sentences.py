"""A sentence on a page has its values in it, each an element of its own that no value can end."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.display.filled_sentences import filled_html
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.readable import rows, whole_page
from diagnosis.display.sentences import LONGEST, Sentence, beside
from diagnosis.loops.shown_issue import for_people

ELEMENT = re.compile(r'<q class="lk-value"><code>([^<>]*)</code></q>')


def test_a_value_stands_in_the_place_of_its_name() -> None:
    sentence = Sentence(
        "Compare {release} with {older_release}: see `diff`.", {"release": "2", "older_release": "1"}
    )

    assert filled_html(sentence.text, beside(sentence)) == (
        'Compare <q class="lk-value"><code>2</code></q> with <q class="lk-value"><code>1</code></q>: '
        "see <code>diff</code>."
    )


@given(st.text(min_size=1, max_size=LONGEST))
def test_no_value_speaks_outside_of_its_element(value: str) -> None:
    html = filled_html("Find {operation} now", beside(Sentence("", {"operation": value})))

    assert ELEMENT.sub("", html) == "Find  now"
    assert [unescape(found) for found in ELEMENT.findall(html)] == [show_hidden(value)]


def test_several_values_of_one_name_are_elements_each_and_one_that_is_cut_says_so() -> None:
    sentence = Sentence("Check the callers: {callers}.", {"callers": ["POST /orders", "x" * (LONGEST + 9)]})

    found = ELEMENT.findall(filled_html(sentence.text, beside(sentence)))

    assert found == ["POST /orders", f"{'x' * LONGEST}… (cut: {LONGEST + 9} characters in total)"]


def test_a_value_that_is_not_stored_is_said_to_be_unknown() -> None:
    assert filled_html("Find {operation}.", {}) == "Find <em>not known</em>."


@pytest.mark.parametrize("as_rows", [rows, lambda issue: whole_page(issue, 1)[0]])
def test_the_rows_of_an_issue_have_its_sentences_filled_and_telemetry_as_it_is(as_rows: object) -> None:
    step = {"step": 1, "detail": "Find {operation}.", "with": {"text": {"operation": "<b>pay {id}</b>"}}}
    issue = {"message": "no {operation}", "patch_plan": {"steps": [step], "verify": "It runs."}}

    shown = dict(as_rows(for_people(issue)))  # type: ignore[operator]

    assert shown["message"] == "no {operation}"
    assert (
        shown["patch_plan.steps[0].detail"]
        == 'Find <q class="lk-value"><code>&lt;b&gt;pay {id}&lt;/b&gt;</code></q>.'
    )
    assert shown["patch_plan.steps[0].with.text.operation"] == "<b>pay {id}</b>"  # not marked as safe
    assert not hasattr(shown["patch_plan.steps[0].with.text.operation"], "__html__")
