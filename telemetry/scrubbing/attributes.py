"""
Attributes without their secrets: their names, and values of every type at any depth.

Each function returns how many secrets there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.scrubbing.bytes_as_text import bytes_of, text_of
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
from telemetry.scrubbing.structured import redact_siblings, redact_together
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import redacted_headers, redacted_or_whole, redacted_within
from telemetry.scrubbing.work import BASE, Spent, Work

Judge = Callable[[str], Disposition]
STRUCTURED = {"array_value", "kvlist_value"}


def redact_attributes(pairs: Sequence[KeyValue], work: Work) -> int:
    """Replace the secrets in named values and in their names by MARK; all of a suspect pair, once the work is spent."""
    total = 0
    for pair in pairs:
        if work.left < 0:
            total += redact_whole(pair) if is_suspect(pair.SerializeToString()) else 0
            continue
        try:
            total += redact_pairs((pair,), disposition_of, work)
            if pair.value.WhichOneof("value") in STRUCTURED:
                total += redact_together(pair.value, work)
        except Spent:
            total += redact_whole(pair)
    return total + typed_siblings(pairs, work)


def typed_siblings(pairs: Sequence[KeyValue], work: Work) -> int:
    """Replace what is typed into a field that another attribute names by MARK; all suspect pairs where work ends."""
    if len(pairs) < 2 or work.left < 0:
        return 0
    try:
        return redact_siblings(pairs, work)
    except Spent:
        return sum(redact_whole(pair) for pair in pairs if is_suspect(pair.SerializeToString()))


def redact_whole(pair: KeyValue) -> int:
    """Replace the value by MARK, and the name if it may hold a secret too; returns 1 if something changed, else 0."""
    before = pair.value.string_value
    pair.value.string_value = MARK
    name = pair.key
    if name != MARK and is_suspect(name.encode()):
        pair.key = MARK
    return int(before != MARK or pair.key != name)


def redact_pairs(pairs: Iterable[KeyValue], judge: Judge, work: Work) -> int:
    """Replace the secrets among named values by MARK, as `judge` says of each name, and in the names. Raises Spent."""
    total = 0
    for pair in pairs:
        name = pair.key
        is_new = work.read_name(name)
        total += redact_value(pair.value, name, judge(name), work)
        if len(name) <= LONGEST:
            clean, count, steps = redacted_name(name)
            work.take(steps if is_new else 0)
        else:
            clean, count = redacted_within(name, work)
        if count:
            pair.key = clean
            total += count
    return total


@lru_cache(maxsize=8192)  # of short names, since a sender chooses them
def redacted_name(name: str) -> tuple[str, int, int]:
    """The name without secrets, how many there were, and how many steps it took to say so."""
    work = Work(0)
    clean, count = redacted_or_whole(name, work)
    return clean, count, BASE - work.left


def redact_value(value: AnyValue, name: str, treatment: Disposition, work: Work) -> int:
    """Replace the secrets in one value by MARK. Booleans and empty texts are none. Raises Spent."""
    kind = value.WhichOneof("value")
    if treatment is Disposition.SECRET and kind == "string_value" and is_folder(name, value.string_value):
        treatment = Disposition.KEPT
    if kind in {"string_value", "bytes_value"}:
        return redact_text(value, kind, treatment, work)
    if kind == "array_value":
        return redact_items(value.array_value.values, name, treatment, work)
    if kind == "kvlist_value":
        judges: dict[Disposition, Judge] = {
            Disposition.HEADERS: header_disposition,
            Disposition.SECRET: lambda _: Disposition.SECRET,
        }
        return redact_pairs(value.kvlist_value.values, judges.get(treatment, disposition_of), work)
    if treatment is Disposition.SECRET and kind in {"int_value", "double_value"} and not is_count(name, 0):
        value.string_value = MARK
        return 1
    return 0


def redact_text(value: AnyValue, kind: str, treatment: Disposition, work: Work) -> int:
    """Replace the secrets in a text, or in bytes, by MARK."""
    original = getattr(value, kind)
    text = original if isinstance(original, str) else text_of(original)
    if treatment is Disposition.SECRET:
        count = int(text != "" and not is_stand_in(text, 0, len(text)))
        text = MARK if count else text
    else:
        read = redacted_headers if treatment is Disposition.HEADERS else redacted_within
        text, count = read(text, work)
    if count:
        setattr(value, kind, text if isinstance(original, str) else bytes_of(text))
    return count


def redact_items(items: Iterable[AnyValue], name: str, treatment: Disposition, work: Work) -> int:
    """Replace the secrets in a list, or in a command line as a list, by MARK."""
    count, previous = 0, ""
    for item in items:
        is_option = previous.startswith("-") and "=" not in previous
        if is_option:
            work.read_name(previous)
        is_argument = is_option and is_secret(previous)
        count += redact_value(item, name, Disposition.SECRET if is_argument else treatment, work)
        previous = item.string_value
    return count
