"""
The outer fields of a request of OTLP/JSON, alike for every signal: resources, in these scopes, in these records.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import Message

from telemetry.otlp import message_count
from telemetry.otlp.json_fields import Fields, fill, many, obj, one, scalar, string, uint32
from telemetry.otlp.json_values import fill_attributes

# The escape of a surrogate, and the two escapes of a character beyond U+FFFF.
HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
QUESTION_MARK = rb"\u003f"  # as long as the HALF that it replaces
# A text without lone surrogates, which stays as it is (group 1), or one lone surrogate (no group).
PAIRED_OR_LONE = re.compile(rb"((?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|" + PAIR + rb")++)|" + HALF, re.S)

ATTRIBUTES: Fields = {
    "attributes": fill_attributes,
    "droppedAttributesCount": scalar("dropped_attributes_count", uint32),
}
SCOPE: Fields = {"name": scalar("name", string), "version": scalar("version", string), **ATTRIBUTES}
CAPITAL = re.compile("[A-Z]")


class Envelope(NamedTuple):
    """The names of a signal's lists of resources, of scopes and of records; the fields of a request and its groups."""

    lists: tuple[str, str, str]
    request: Fields
    resource_group: Fields
    scope_group: Fields


def envelope(lists: tuple[str, str, str], record: Fields) -> Envelope:
    """The envelope of the signal whose lists have these names in JSON, and whose records have these fields."""
    of_resources, of_scopes, of_records = lists
    scope_group: Fields = {
        "scope": one("scope", SCOPE),
        of_records: many(field_name(of_records), record),
        "schemaUrl": scalar("schema_url", string),
    }
    resource_group: Fields = {
        "resource": one("resource", ATTRIBUTES),
        of_scopes: many(field_name(of_scopes), scope_group),
        "schemaUrl": scalar("schema_url", string),
    }
    request: Fields = {of_resources: many(field_name(of_resources), resource_group)}
    return Envelope(lists, request, resource_group, scope_group)


def field_name(name: str) -> str:
    """The name of a field of the message that has this name in JSON."""
    return CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)


def read_envelope(body: bytes, request: Message, signal: Envelope) -> dict[str, Any]:
    """Fill the message with the request; returns its JSON. Raises ValueError, which names the field."""
    message_count.check_json(body)
    data = obj(load_json(body), "the body")
    message_count.check_lists(data, signal.lists)
    fill(request, data, signal.request)
    return data


def load_json(body: bytes) -> Any:
    """Return the JSON value. Lone surrogates, which JavaScript leaves where it cuts a string, become question marks."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if not re.search(HALF, body):
            raise
    repaired_body = bytearray(body)
    for match in PAIRED_OR_LONE.finditer(body):
        if not match.lastindex:
            repaired_body[slice(*match.span())] = QUESTION_MARK
    return orjson.loads(repaired_body)
