"""
Values in the columns of a table: the name stands in the first line, the values in the lines below.

    name,password      id | name | password        INSERT INTO users (name, password)
    bob,...           ----+------+----------       VALUES ('bob', '...'), ('eve', '...')
                        1 | bob  | ...

Sources: https://www.rfc-editor.org/rfc/rfc4180 (CSV), https://www.postgresql.org/docs/current/app-psql.html,
https://github.github.com/gfm/#tables-extension- and https://www.postgresql.org/docs/current/sql-insert.html;
with bars that are drawn, https://duckdb.org/docs/stable/clients/cli/output_formats and
https://rich.readthedocs.io/en/stable/tables.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.tables.blank_tables import blank_rows, columns_of
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.work import CANDIDATE, Work

LONGEST_HEADER = 1024  # characters
LONGEST_ROW = 16_384
SEPARATORS = ("|", "\t", ",", ";")
MOST_COLUMNS = 64
# A name alone; between bars also one of several words.
CELL = re.compile(r"[ \t]{0,200}+[\"'`*]{0,2}+[A-Za-z_][\w.-]{0,64}+[\"'`*]{0,2}+[ \t]{0,200}+\Z")
CELL_OF_WORDS = re.compile(r"[ \t]{0,200}+[\"'`*]{0,2}+[A-Za-z_][\w. -]{0,200}+[\"'`*]{0,2}+[ \t]{0,200}+\Z")
BARS = ("\u2502", "\u2503", "\u2551")  # drawn between cells: https://www.unicode.org/charts/PDF/U2500.pdf
# The characters of the line between header and rows.
RULE = frozenset(["|", *"+-=: \t", *map(chr, range(0x2500, 0x2580))])
# What follows a name that is one of several in a line.
BEHIND_NAME = re.compile(r"[\w.-]{0,40}(?:[\"'`]?[ \t]{0,200}(?:[,;|\t)]|\r?\n|\\{1,15}[rn])|  )")
LINE_END = re.compile(r"\r?\n|\\{1,15}(?:r\\{1,15})?n")
BLANKS = {separator: " " if separator == "\t" else " \t" for separator in SEPARATORS}
FIELDS = {
    separator: re.compile(
        rf"[{blank}]{{0,200}}+(?:\"(?P<double>(?:[^\"]|\"\"){{0,4096}}+)\"|'(?P<single>(?:[^']|''){{0,4096}}+)'"
        rf"|(?P<bare>(?:[^\s\"{separator}]|\"(?=\w)|[{blank}]{{1,200}}+(?![\s\"{separator}]|\Z)){{0,4096}}+))"
        rf"[{blank}]{{0,200}}+(?P<end>[{separator}]|(?=[\"\r\n])|\Z)"
    )
    for separator, blank in BLANKS.items()
}
VALUES = re.compile(r"\)\s{0,64}(?i:values)\s{0,64}\(")
INSERTED = re.compile(
    r"\s{0,64}+(?:[A-Za-z]{0,2}+'(?P<single>(?:[^'\\]|\'\'|\\.){0,4096}+)'|\"(?P<double>[^\"]{0,4096}+)\""
    r"|(?P<bare>[^,'\"()]{0,4096}+(?:\([^()]{0,256}\))?))\s{0,64}+(?P<end>[,)])"
)
# https://docs.sqlalchemy.org/en/20/errors.html
PARAMETERS = re.compile(r"[^\n\\\]]{0,200}\](?:\s|\\{1,15}n){1,4}\[parameters: \(")
NEXT_ROW = re.compile(r"\s{0,64},\s{0,64}\(")


def columns(text: str, ends: list[int], work: Work) -> Iterator[Place]:
    """The places of values in the columns of the names that end at these places. No line is read twice."""
    read_until = 0
    for drawn in () if text.isascii() else BARS:
        text = text.replace(drawn, "|")
    for end in ends:
        if end < read_until or not BEHIND_NAME.match(text, end):
            continue
        work.take(4 * CANDIDATE)
        inserted, after = insert_rows(text, end, work)
        if after is None:
            inserted, after = table_rows(text, end, work)
        yield from inserted
        read_until = max(read_until, after or 0)


def table_rows(text: str, end: int, work: Work) -> tuple[list[Place], int]:
    """The places in the rows below a line of names, and how far the text was read."""
    line_end = LINE_END.search(text, end, end + LONGEST_HEADER)
    if line_end is None:
        return [], end + LONGEST_HEADER
    begin = max(0, end - LONGEST_HEADER)
    before = text[begin:end]
    starts = {
        before.rfind("\n") + 1,
        max(before.rfind("\n") + 1, before.rfind("\\n") + 2, before.rfind('"') + 1),
    }
    for start in sorted(starts):
        header = text[begin + start : line_end.start()]
        for separator in SEPARATORS:
            if separator in header and is_header(header, separator):
                return rows(text, header, separator, line_end, work)
        if columns_of(header):
            return blank_rows(text, header, line_end, work)
    return [], line_end.end()


def is_header(line: str, separator: str) -> bool:
    """Whether the line is a list of names."""
    cells = line.strip("|").split(separator) if separator == "|" else line.split(separator)
    is_name = CELL_OF_WORDS.match if separator == "|" else CELL.match
    return 1 < len(cells) <= MOST_COLUMNS and all(map(is_name, cells))


def rows(
    text: str, header: str, separator: str, line_end: re.Match[str], work: Work
) -> tuple[list[Place], int]:
    """The places in the secret columns of the lines that have as many fields as the header."""
    names = [cell.strip(" \t\"'`*") for cell in header.split(separator)]
    chosen = {number for number, name in enumerate(names) if name and is_secret(name)}
    places: list[Place] = []
    at, newline, needs_rule = line_end.end(), line_end[0], separator == "|"
    size, width, step = len(text), len(names), len(newline)
    while chosen and at < size:
        row_end = text.find(newline, at, at + LONGEST_ROW)
        if row_end < 0:
            row_end = min(size, at + LONGEST_ROW)
        if text[at] in RULE and RULE.issuperset(text[at:row_end]):
            needs_rule = False
        else:
            found = fields(text, at, row_end, separator, work)
            if separator != "," and len(found) > width and not needs_rule:
                # A value holds a separator, which nothing marks: it may be any of those behind the first secret one.
                places.append((found[min(chosen)].start(), row_end))
                found = []
            elif needs_rule or len(found) != width:
                break
            places += [found[number].span(kind_of(found[number])) for number in chosen if found]
        at = row_end + step
    return places, at


def fields(text: str, at: int, row_end: int, separator: str, work: Work) -> list[re.Match[str]]:
    """The fields of a line."""
    match_field, found = FIELDS[separator].match, []
    while match := match_field(text, at, row_end):
        work.take(CANDIDATE // 2)
        found.append(match)
        if match["end"] == "":
            break
        at = match.end()
    return found


def insert_rows(text: str, end: int, work: Work) -> tuple[list[Place], int | None]:
    """The places in the rows of an INSERT whose list of columns a name is in, and how far it was read; else None."""
    opening, closing = (
        text.rfind("(", max(0, end - LONGEST_HEADER), end),
        text.find(")", end, end + LONGEST_HEADER),
    )
    match = VALUES.match(text, closing) if opening >= 0 and closing >= 0 else None
    if match is None:
        return [], None
    names = [name.strip(" \t\r\n\"'`[]") for name in text[opening + 1 : closing].split(",")]
    chosen = {number for number, name in enumerate(names) if is_secret(name)}
    places: list[Place] = []
    at = match.end()
    while chosen:
        row = inserted_row(text, at, work)
        at = row[-1].end() if row else at
        places += [row[number].span(kind_of(row[number])) for number in chosen if number < len(row)]
        following = NEXT_ROW.match(text, at)
        if following is None or not row:
            break
        at = following.end()
    return [*places, *parameters(text, at, chosen, work)], at


def parameters(text: str, at: int, chosen: set[int], work: Work) -> list[Place]:
    """The places in the parameters that SQLAlchemy prints behind a statement, in the order of its columns."""
    match = PARAMETERS.match(text, at)
    if match is None or not chosen:
        return []
    row = inserted_row(text, match.end(), work)
    return [row[number].span(kind_of(row[number])) for number in chosen if number < len(row)]


def inserted_row(text: str, at: int, work: Work) -> list[re.Match[str]]:
    """The fields up to the parenthesis that closes them."""
    row: list[re.Match[str]] = []
    while field := INSERTED.match(text, at):
        work.take(CANDIDATE // 2)
        row.append(field)
        at = field.end()
        if field["end"] == ")":
            break
    return row


def kind_of(match: re.Match[str]) -> str:
    """How the text of a field is written: in double quotes, in single ones, or bare."""
    return "double" if match["double"] is not None else "single" if match["single"] is not None else "bare"
