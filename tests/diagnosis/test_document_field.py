"""A document comes back from the database as json would store and read it, and its text is shorter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import JSONField
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.models import Packet
from diagnosis.models.document_field import DocumentEncoder, DocumentField

FIELD = DocumentField()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read_back(document: Any) -> Any:
    return FIELD.from_db_value(json.dumps(document, cls=DocumentEncoder), None, connection)


@given(VALUES)
def test_a_document_is_read_as_json_would_read_it(document: Any) -> None:
    assert repr(read_back(document)) == repr(json.loads(json.dumps(document)))


@pytest.mark.parametrize("document", [{"n": 2**80}, {1: "a"}, {"x": (1, 2)}, "\ud800"])
def test_what_orjson_does_not_write_is_stored_all_the_same(document: Any) -> None:
    assert json.dumps(document, cls=DocumentEncoder)


@pytest.mark.parametrize("text", ["", "{", "nul", "1 2"])
def test_a_damaged_text_is_read_as_the_plain_field_reads_it(text: str) -> None:
    assert FIELD.from_db_value(text, None, connection) == JSONField().from_db_value(text, None, connection)


def test_an_object_that_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"packet": Packet()}, cls=DocumentEncoder)


def test_a_migration_sees_the_plain_column() -> None:
    _, path, _, options = Packet._meta.get_field("document").deconstruct()

    assert (path, set(options)) == ("django.db.models.JSONField", {"help_text"})
