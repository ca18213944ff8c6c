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

    Raises 400 with the right form of each invalid field: its choices, the one in `forms`, or its bounds and its
    help text with the hint `otherwise`, which is for values that can be left out.
    """
    if not serializer.is_valid():
        raise invalid_value(serializer, otherwise, forms)
    return dict(serializer.validated_data)


def invalid_value(
    serializer: serializers.Serializer[Any], otherwise: str, forms: Mapping[str, str]
) -> ApiError:
    """Return the error 400. Its message says what is wrong, its hint shows the form of each invalid field."""
    errors = serializer.errors
    hints = {name: hint_of(serializer, name, otherwise, forms) for name in errors}
    hint = " ".join(
        part if part.startswith(f"{name}: ") else f"{name}: {part}" for name, part in hints.items()
    )
    if len(hints) == 1:
        [hint] = hints.values()
    return ApiError(400, "invalid", validation_sentence(errors), hint)


def hint_of(
    serializer: serializers.Serializer[Any], name: str, otherwise: str, forms: Mapping[str, str]
) -> str:
    """Return the form of the invalid field: its choices, the one in `forms`, or its bounds and its help text."""
    field = serializer.fields.get(name)
    one = getattr(field, "child", field)
    if isinstance(one, serializers.ChoiceField):
        return choices_hint(one, serializer.initial_data.get(name))
    if name in forms or field is None:
        return forms.get(name, otherwise)
    return field_hint(name, field, "" if name not in serializer.initial_data else otherwise)


def choices_hint(field: serializers.ChoiceField, value: Any) -> str:
    """Return the field's choices, with the one that is nearest to the value, or to the first wrong one of a list."""
    values = value if isinstance(value, list) else [value]
    wrong = next(
        (each for each in values if each and isinstance(each, str) and each not in field.choices), ""
    )
    suggestion = nearest_word(wrong, field.choices) if wrong else ""
    return f"{suggestion} Write one of: {', '.join(field.choices)}.".strip()


def field_hint(name: str, field: Any, otherwise: str) -> str:
    """Return what the field takes, and where its value comes from, or else the hint `otherwise`."""
    about = f"{name}: {field.help_text}" if field.help_text else ""
    said = [sentence for sentence in (about, form_sentence(getattr(field, "child", field))) if sentence]
    return " ".join([*said, otherwise]).strip() or HINTS["invalid"]


def form_sentence(field: Any) -> str:
    """Return the bounds of a field as a sentence, such as `Write a whole number from 1 to 500.`; "" without bounds."""
    least, most = getattr(field, "min_value", None), getattr(field, "max_value", None)
    if isinstance(field, serializers.BooleanField):
        return "Write true or false."
    if least is not None:
        return (
            f"Write a whole number{f' from {least} to {most}' if most is not None else f', {least} or more'}."
        )
    longest = getattr(field, "max_length", None)
    return f"Write {longest:,} characters at most." if longest else ""


def unknown(name: str, hint: str) -> ApiError:
    """Return the error 400 for a name that the path does not accept."""
    return ApiError(400, "unknown_parameter", "Unknown parameter: {name}.", hint, values={"name": name})


def nearest_word(word: str, words: Iterable[str]) -> str:
    """Return a question such as `Did you mean since_minutes?`, or "" when no word is near."""
    names, word = list(words), word.lower()
    longer = [name for name in names if name.startswith(word)]  # `since`, `env`
    matches = longer or get_close_matches(word, names, n=1, cutoff=0.5)
    return f"Did you mean {matches[0]}?" if matches else ""
