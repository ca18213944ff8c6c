"""The places of all values behind secret names in a text; each way to write them has a file beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from telemetry.scrubbing.areas import EVERYWHERE, Area
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.assigned import assigned
from telemetry.scrubbing.named.command_lines import options, program_options
from telemetry.scrubbing.named.endings import name_ends
from telemetry.scrubbing.named.markup import elements, properties, told
from telemetry.scrubbing.named.quoted import QUOTED, quoted_names, quoted_secrets
from telemetry.scrubbing.named.stand_ins import is_stand_in
from telemetry.scrubbing.names import SAFE_HEADER, is_secret


def named_secrets(text: str, area: Area) -> Iterator[Place]:
    """The places of values behind secret names that end in the area."""
    ends = name_ends(text, area)
    if ends:
        yield from real_values(text, quoted_secrets(text, quoted_names(text, ends), is_secret))
        yield from real_values(text, assigned(text, ends))
        if "<" in text:
            yield from real_values(text, chain(elements(text, ends), properties(text, ends)))
    if " -" in text or "pass:" in text or "sqlplus" in text:
        yield from real_values(text, chain(options(text, ends), program_options(text, area)))
    if " " in text:
        yield from real_values(text, told(text, area))


def header_secrets(text: str) -> Iterator[Place]:
    """The places of values in a text of all headers of a request, but for the headers that are harmless."""
    yield from real_values(text, quoted_secrets(text, QUOTED.finditer(text), may_hold_secret))
    yield from named_secrets(text, EVERYWHERE)


def may_hold_secret(header: str) -> bool:
    """Whether this header may hold a secret."""
    return not SAFE_HEADER.fullmatch(header)


def real_values(text: str, places: Iterator[Place]) -> Iterator[Place]:
    """The places that are not empty, and whose values do not only stand for a secret."""
    return ((start, end) for start, end in places if end > start and not is_stand_in(text, start, end))
