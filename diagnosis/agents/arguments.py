"""The arguments of tools: declared as the parameters of the HTTP API are, and shown to clients as a JSON Schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from telemetry.api.parsed_query import FORMS
from telemetry.windows import MAX_MINUTES
from tenants.api.budgets import FEWEST_TOKENS, MOST_TOKENS
from tenants.api.strict_fields import StrictSerializer, valid

OTHERWISE = "Leave the argument out, or give it a value."
TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], str], ...] = (
    (serializers.BooleanField, "boolean"),
    (serializers.IntegerField, "integer"),
    (serializers.ListField, "array"),
)
BOUNDS = {"min_value": "minimum", "max_value": "maximum", "max_length": "maxLength"}


def budget_argument(tokens: int) -> serializers.IntegerField:
    """The argument that bounds an answer, with the default of a tool."""
    return serializers.IntegerField(
        min_value=FEWEST_TOKENS, max_value=MOST_TOKENS, default=tokens, help_text="Tokens of the answer."
    )


def minutes_argument(default: int | None = None) -> serializers.IntegerField:
    """The argument for the length of a window."""
    optional: dict[str, Any] = {"required": False} if default is None else {"default": default}
    return serializers.IntegerField(
        min_value=1, max_value=MAX_MINUTES, help_text="Length of the window in minutes.", **optional
    )


def loop_argument() -> serializers.CharField:
    """The argument that names a loop."""
    return serializers.CharField(max_length=40, help_text="That of an issue, or of a loop of loopkit_loops.")


def text_argument(help_text: str = "", longest: int = 1000, **kwargs: Any) -> serializers.CharField:
    """An argument that may be left out: any text."""
    return serializers.CharField(required=False, max_length=longest, help_text=help_text, **kwargs)


def cursor_argument() -> serializers.CharField:
    """The argument for the next part of a list."""
    return text_argument(
        "completeness.next.cursor of the answer before, with the same arguments.", longest=2000
    )


def checked_arguments(shape: type[StrictSerializer], arguments: Any) -> dict[str, Any]:
    """The arguments by name. Raises ApiError 400, which names the nearest right one."""
    return valid(shape(data=arguments), OTHERWISE, FORMS)


def arguments_schema(shape: type[StrictSerializer]) -> dict[str, Any]:
    """The JSON Schema of the arguments: https://json-schema.org/draft/2020-12"""
    fields = shape().fields
    required = [name for name, field in fields.items() if field.required]
    properties = {name: property_schema(field) for name, field in fields.items()}
    document = {"type": "object", "properties": properties, "additionalProperties": False}
    return document | ({"required": required} if required else {})


def property_schema(field: Any) -> dict[str, Any]:
    """The JSON Schema of one argument."""
    shown: dict[str, Any] = {
        "type": next((name for kind, name in TYPES if isinstance(field, kind)), "string")
    }
    if isinstance(field, serializers.ChoiceField):
        shown["enum"] = list(field.choices)
    if isinstance(field, serializers.DateTimeField):
        shown["format"] = "date-time"
    if isinstance(field, serializers.ListField):
        shown["items"] = property_schema(field.child)
        shown |= {"maxItems": field.max_length} if field.max_length else {}
    else:
        bounds = {word: getattr(field, name, None) for name, word in BOUNDS.items()}
        shown |= {word: bound for word, bound in bounds.items() if bound is not None}
    if field.help_text:
        shown["description"] = str(field.help_text)
    if field.default is not empty:
        shown["default"] = field.default
    return shown
