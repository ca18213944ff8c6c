"""
Values in the columns of a table that blanks part, as many programs print one.

    NAME    TOKEN          AGE          user   password
    ci      ...            3d           -----  --------
                                        bob    ...

A cell ends at two blanks. The values are those that look like a secret, since a page of text may be laid out so, too.
Sources: https://pkg.go.dev/text/tabwriter (kubectl, docker), https://man7.org/linux/man-pages/man1/column.1.html
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.looks import is_key, is_numbered_word, is_of_password, is_told
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.work import CANDIDATE, Work

CELL = re.compile(r"[^\s]+(?:[ ][^\s]+)*")
NAME = re.compile(r"[A-Za-z_][\w.-]*+(?: [\w.()-]+){0,3}")
RULE = frozenset("-=+ \t")
MOST_COLUMNS = 32
LONGEST_ROW = 1_024
MOST_ROWS = 2_000
Column = tuple[str, int, int]  # a name, and where in the line it begins and where the next one does


def columns_of(header: str) -> list[Column]:
    """The columns of a line that is a list of names; empty for another line."""
    if "  " not in header.strip():
        return []
    cells = list(CELL.finditer(header))
    if not 1 < len(cells) <= MOST_COLUMNS or not all(NAME.fullmatch(cell[0]) for cell in cells):
        return []
    ends = [*(cell.start() for cell in cells[1:]), LONGEST_ROW]
    return [(cell[0], cell.start(), end) for cell, end in zip(cells, ends, strict=True)]


def blank_rows(text: str, header: str, line_end: re.Match[str], work: Work) -> tuple[list[Place], int]:
    """The places in the secret columns of the lines below the header, and how far the text was read."""
    columns = columns_of(header)
    chosen = [number for number, (name, _, _) in enumerate(columns) if is_secret(name)]
    places: list[Place] = []
    at, newline = line_end.end(), line_end[0]
    for _ in range(MOST_ROWS) if chosen else ():
        row_end = text.find(newline, at, at + LONGEST_ROW)
        row = text[at : row_end if row_end >= 0 else at + LONGEST_ROW]
        cells = list(CELL.finditer(row))
        work.take(CANDIDATE + len(row) // 10)
        if not cells or (len(cells) == 1 and len(columns) > 2):
            break
        if not RULE.issuperset(row):
            places += chosen_cells(cells, columns, chosen, at)
        if row_end < 0:
            break
        at = row_end + len(newline)
    return places, at


def chosen_cells(
    cells: list[re.Match[str]], columns: list[Column], chosen: list[int], at: int
) -> list[Place]:
    """The places of those cells of a row that are secrets; `at`: where the row begins."""
    found = []
    for number in chosen:
        name, start, end = columns[number]
        in_order = len(cells) == len(columns)
        cell = (
            cells[number]
            if in_order
            else next((c for c in cells if c.start() < end and c.end() > start), None)
        )
        if cell and is_cell_value(name, cell[0]):
            found.append((at + cell.start(), at + cell.end()))
    return found


def is_cell_value(name: str, value: str) -> bool:
    """Whether the cell looks like a secret of this name."""
    if is_key(name, value):
        return True
    return is_of_password(name) and " " not in value and is_told(value) and not is_numbered_word(value)
