"""
The names and values that a path accepts, in its query or its body.

An unknown name or an invalid value is refused, and the nearest valid one is named: if it were silently ignored, the
answer would be to another question than the one that was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.serializer_helpers import BindingDict

from loopkit.http.error_answers import HINTS, validation_sentence
from loopkit.http.errors import ApiError

NO_FORMS: Mapping[str, str] = {}


class StrictSerializer(serializers.Serializer[Any]):
    """
    The names that a path accepts in its query or its body: a base class without any.

    A name that is not declared is refused, and the nearest declared name is suggested.
    """

    @cached_property
    def fields(self) -> BindingDict:
        """The fields, which all requests share: a copy for each would take a tenth of the time of a small answer."""
        return shared_fields(type(self))

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:
        """Return the values by name. Raises 400 `unknown_parameter` before any value is checked."""
        for name in data:
            if name not in self.fields:
                names = ", ".join(self.fields) or "no parameters"
                raise unknown(name, f"{nearest_word(name, self.fields)} This path accepts {names}.".strip())
        return super().to_internal_value(data)


@cache
def shared_fields(shape: type[StrictSerializer]) -> BindingDict:
    """Return the fields of these names and values. They check values without keeping any."""
    fields: BindingDict = super(StrictSerializer, shape()).fields
    return fields


def sent_body(
    shape: type[StrictSerializer],
    request: Request,
    forms: Mapping[str, str] = NO_FORMS,
    query: type[StrictSerializer] = StrictSerializer,
) -> dict[str, Any]:
    """Return the body's fields by name. Raises 400, also for a query of another shape, which would be ignored."""
    serializer = shape(data=request.data)
    for name in request.query_params.keys() - query().fields.keys():
        raise unknown(name, f"This path accepts {', '.join(serializer.fields)}, in the body.")
    valid(query(data=request.query_params.dict()), forms=forms)
    return valid(serializer, forms=forms)


def valid(
    serializer: serializers.Serializer[Any],
    otherwise: str = HINTS["invalid"],
    forms: Mapping[str, str] = NO_FORMS,
) -> dict[str, Any]:
    """
    Return the validated values by name.

    Raises 400 with the right form of the first invalid field: its choices, the one in `forms`, or its help text with
    the hint `otherwise`.
    """
    if not serializer.is_valid():
        raise invalid_value(serializer, otherwise, forms)
    return dict(serializer.validated_data)


def invalid_value(
    serializer: serializers.Serializer[Any], otherwise: str, forms: Mapping[str, str]
) -> ApiError:
    """Return the error 400. Its message says what is wrong, its hint shows the form of the first invalid field."""
    errors = serializer.errors
    name = next(iter(errors))
    field = serializer.fields.get(name)
    if isinstance(field, serializers.ChoiceField):
        value = serializer.initial_data.get(name)
        suggestion = nearest_word(value, field.choices) if value and isinstance(value, str) else ""
        hint = f"{suggestion} Write one of: {', '.join(field.choices)}.".strip()
    elif name in forms or not (field and field.help_text):
        hint = forms.get(name, otherwise)
    else:
        hint = f"{name}: {field.help_text} {otherwise}"
    return ApiError(400, "invalid", validation_sentence(errors), hint)


def unknown(name: str, hint: str) -> ApiError:
    """Return the error 400 for a name that the path does not accept."""
    return ApiError(400, "unknown_parameter", "Unknown parameter: {name}.", hint, values={"name": name})


def nearest_word(word: str, words: Iterable[str]) -> str:
    """Return a question such as `Did you mean since_minutes?`, or "" when no word is near."""
    names, word = list(words), word.lower()
    longer = [name for name in names if name.startswith(word)]  # `since`, `env`
    matches = longer or get_close_matches(word, names, n=1, cutoff=0.5)
    return f"Did you mean {matches[0]}?" if matches else ""
