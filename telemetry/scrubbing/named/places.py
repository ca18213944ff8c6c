"""The places of all values behind secret names in a text; each way to write them has a file beside this one."""

from __future__ import annotations

from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.assigned import assigned
from telemetry.scrubbing.named.command_lines import options, program_options
from telemetry.scrubbing.named.markup import elements, sentences, statements
from telemetry.scrubbing.named.quoted import Judge, quoted_secrets
from telemetry.scrubbing.named.stand_ins import is_stand_in


def named_secrets(text: str, judge: Judge) -> Iterator[Place]:
    """The places of values behind secret names; `judge` decides on quoted names."""
    yield from real_values(text, quoted_secrets(text, judge))
    yield from real_values(text, assigned(text))
    if " -" in text or "pass:" in text or "sqlplus" in text:
        yield from real_values(text, options(text))
        yield from real_values(text, program_options(text))
    if "<" in text:
        yield from real_values(text, elements(text))
    if " " in text:
        yield from real_values(text, statements(text))
        yield from real_values(text, sentences(text))


def real_values(text: str, places: Iterator[Place]) -> Iterator[Place]:
    """The places that are not empty, and whose values do not only stand for a secret."""
    return ((start, end) for start, end in places if end > start and not is_stand_in(text, start, end))
