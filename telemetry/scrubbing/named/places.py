"""The places of all secrets in a text that a name, a sentence or a command line makes one."""

from __future__ import annotations

from collections.abc import Iterator

from telemetry.scrubbing.areas import Area, everywhere
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.behind import NamedValues
from telemetry.scrubbing.named.candidates import names_at
from telemetry.scrubbing.named.command_lines import program_options
from telemetry.scrubbing.named.endings import name_ends, word_ends
from telemetry.scrubbing.named.headers import headers
from telemetry.scrubbing.named.in_order import given_in_order
from telemetry.scrubbing.named.json_web_keys import private_members
from telemetry.scrubbing.named.sentences import told
from telemetry.scrubbing.named.sql.database_errors import database_secrets
from telemetry.scrubbing.named.sql.statements import statement_parameters
from telemetry.scrubbing.named.stand_ins import is_stand_in
from telemetry.scrubbing.named.tables.columns import columns
from telemetry.scrubbing.named.typed.beside import typed_values
from telemetry.scrubbing.work import Work


def named_secrets(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of values behind secret names that end in the area."""
    words = word_ends(text, area, work)
    ends = name_ends(text, words, work)
    if ends:
        names = list(names_at(text, ends, work))
        yield from real_values(text, NamedValues(text, work).places(names))
        yield from real_values(text, columns(text, [name.end for name in names if name.is_secret], work))
        yield from real_values(text, statement_parameters(text, work))
    if words:
        yield from real_values(text, typed_values(text, words, work))
    if " -" in text or "pass:" in text or "sqlplus" in text:
        yield from real_values(text, program_options(text, area, work))
    if "(" in text:
        yield from real_values(text, given_in_order(text, work))
    if " " in text:
        yield from real_values(text, told(text, words, work))
    yield from real_values(text, database_secrets(text, work))
    yield from real_values(text, private_members(text))


def header_secrets(text: str, work: Work) -> Iterator[Place]:
    """The places of values in a text of all headers of a request, but for the headers that are harmless."""
    yield from real_values(text, headers(text, work))
    yield from named_secrets(text, everywhere(text), work)


def real_values(text: str, places: Iterator[Place]) -> Iterator[Place]:
    """The places that are not empty, and whose values do not only stand for a secret."""
    return ((start, end) for start, end in places if end > start and not is_stand_in(text, start, end))
