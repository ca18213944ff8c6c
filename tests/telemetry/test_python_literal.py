"""Python literals as JSON, compared with Python's own parser, which the product does not use."""

from __future__ import annotations

import ast
import pprint
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.conventions.content import literal

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.text("'\"\\\nabtnux0123N{}")
)
KEYS = st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**63), 2**63) | st.none()
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def by_python(text: str) -> Any:
    """The value as JSON carries it, read by Python's own parser."""
    return orjson.loads(orjson.dumps(ast.literal_eval(text), option=orjson.OPT_NON_STR_KEYS))


@given(DATA)
def test_what_repr_writes_is_read_as_python_reads_it(value: Any) -> None:
    assert literal(f"[{value!r}]") == by_python(f"[{value!r}]")


@given(DATA, st.integers(5, 80))
def test_what_pprint_writes_is_read_as_python_reads_it(value: Any, width: int) -> None:
    text = pprint.pformat([value], width=width)

    assert literal(text) == by_python(text)


@given(st.text("'\"\\[]{},: \n01.ebuxTrueNone", max_size=40))
def test_a_text_is_read_as_python_reads_it_or_stays(text: str) -> None:
    read = literal(f"[{text}")

    if read != f"[{text}":
        assert read == by_python(f"[{text}")


@pytest.mark.parametrize("text", ["[true]", "[nan]", "[f'a']", "[a]", "(1]", "[1)", "[,]", "['\\x4']", "['a"])
def test_what_python_does_not_read_stays_text(text: str) -> None:
    assert literal(text) == text


def test_texts_of_python_2_are_read() -> None:
    assert literal("[u'order', u\"it's\"]") == ["order", "it's"]
