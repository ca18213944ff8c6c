"""
Attributes without their secrets: their names, and values of every type at any depth.

Each function returns how many secrets there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.scrubbing.named.stand_ins import MARK, is_stand_in
from telemetry.scrubbing.names import (
    LONGEST,
    Disposition,
    disposition_of,
    header_disposition,
    is_count,
    is_folder,
    is_secret,
)
from telemetry.scrubbing.texts import redacted, redacted_headers

Judge = Callable[[str], Disposition]


def redact_attributes(pairs: Iterable[KeyValue]) -> int:
    """Replace the secrets in named values and in their names by MARK."""
    return redact_pairs(pairs, disposition_of)


def redact_pairs(pairs: Iterable[KeyValue], judge: Judge) -> int:
    """Replace the secrets among named values by MARK, as `judge` says of each name, and those in the names."""
    total = 0
    for pair in pairs:
        name = pair.key
        total += redact_value(pair.value, name, judge(name))
        clean, count = redacted_name(name) if len(name) <= LONGEST else redacted(name)
        if count:
            pair.key = clean
            total += count
    return total


@lru_cache(maxsize=8192)  # of short names, since a sender chooses them
def redacted_name(name: str) -> tuple[str, int]:
    """The name without secrets, and how many there were."""
    return redacted(name)


def redact_value(value: AnyValue, name: str, treatment: Disposition) -> int:
    """Replace the secrets in one value by MARK. Booleans and empty texts are none."""
    kind = value.WhichOneof("value")
    if treatment is Disposition.SECRET and kind == "string_value" and is_folder(name, value.string_value):
        treatment = Disposition.KEPT
    if kind in {"string_value", "bytes_value"}:
        return redact_text(value, kind, treatment)
    if kind == "array_value":
        return redact_items(value.array_value.values, name, treatment)
    if kind == "kvlist_value":
        judges: dict[Disposition, Judge] = {
            Disposition.HEADERS: header_disposition,
            Disposition.SECRET: lambda _: Disposition.SECRET,
        }
        return redact_pairs(value.kvlist_value.values, judges.get(treatment, disposition_of))
    if treatment is Disposition.SECRET and kind in {"int_value", "double_value"} and not is_count(name, 0):
        value.string_value = MARK
        return 1
    return 0


def redact_text(value: AnyValue, kind: str, treatment: Disposition) -> int:
    """Replace the secrets in a text, or in bytes read as Latin-1, by MARK."""
    original = getattr(value, kind)
    # Latin-1 has a character for every byte.
    text = original if isinstance(original, str) else original.decode("latin-1")
    if treatment is Disposition.SECRET:
        count = int(text != "" and not is_stand_in(text, 0, len(text)))
        text = MARK if count else text
    else:
        text, count = redacted_headers(text) if treatment is Disposition.HEADERS else redacted(text)
    if count:
        setattr(value, kind, text if isinstance(original, str) else text.encode("latin-1"))
    return count


def redact_items(items: Iterable[AnyValue], name: str, treatment: Disposition) -> int:
    """Replace the secrets in a list, or in a command line as a list, by MARK."""
    count, previous = 0, ""
    for item in items:
        is_argument = previous.startswith("-") and "=" not in previous and is_secret(previous)
        count += redact_value(item, name, Disposition.SECRET if is_argument else treatment)
        previous = item.string_value
    return count
