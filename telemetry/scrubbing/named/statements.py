"""
Values in the parameters that SQLAlchemy prints behind a statement, by the columns that they are compared with.

    [SQL: UPDATE users SET name=?, password=? WHERE id = ?]  [parameters: ('bob', '...', 5)]
    [SQL: DELETE FROM s WHERE token = %(token_1)s]           [parameters: {'token_1': '...'}]

https://docs.sqlalchemy.org/en/20/errors.html and the styles of https://peps.python.org/pep-0249/#paramstyle
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import closing
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.work import CANDIDATE, Work

BEGINNING, PARAMETERS = "[SQL: ", "[parameters: "
LONGEST_STATEMENT, LONGEST_PARAMETERS = 4_096, 16_384
TOKEN = re.compile(
    r"'[^']{0,1024}+'|(?P<mark>\?|%s|\$(?P<number>\d{1,4})|%\((?P<named>\w{1,80})\)s"
    r"|(?<![:\w]):(?P<colon>[A-Za-z_]\w{0,80}+))|(?P<operator>=|<>|!=|\b(?i:i?like|in)\b(?=[ (]))"
    r"|(?P<word>[A-Za-z_]\w{0,80}+)"
)
INSERTED = re.compile(r"\(([^()]{1,1024}+)\)\s{0,16}+(?i:values)\s{0,16}+\(")
NUMBER_OF_NAME = re.compile(r"_\d{1,4}\Z")
VALUE = re.compile(
    r"(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|[bBuU]?(?P<quote>\\{0,15}[\"'])|(?P<bare>[^\s,\[\](){}:'\"\\]{1,512}+)"
)
Key = int | str  # the place of a parameter in its row, or its name


def statement_parameters(text: str, work: Work) -> Iterator[Place]:
    """The places of the parameters of secret columns. Raises Spent."""
    at = text.find(PARAMETERS)
    while at >= 0:
        start = text.rfind(BEGINNING, max(0, at - LONGEST_STATEMENT), at)
        chosen = secret_parameters(text[start:at], work) if start >= 0 else set()
        at += len(PARAMETERS)
        if chosen:
            yield from (place for key, place in parameters(text, at, work) if key in chosen)
        at = text.find(PARAMETERS, at)


def secret_parameters(statement: str, work: Work) -> set[Key]:
    """Which parameters of the statement belong to columns of secrets."""
    work.take(CANDIDATE + len(statement) // 10)
    inserted = INSERTED.search(statement)
    names = [name.strip(" \t\r\n\"'`[]\\") for name in inserted[1].split(",")] if inserted else []
    chosen: set[Key] = set()
    column = word = ""
    count = in_rows = 0
    for token in TOKEN.finditer(statement):
        if token["word"]:
            column, word = "", token["word"]
        elif token["operator"]:
            column = word
        elif token["mark"]:
            if inserted and token.start() >= inserted.end() and not column:
                column_of_row, in_rows = names[in_rows % len(names)], in_rows + 1
            else:
                column_of_row = column
            name = token["named"] or token["colon"]
            key: Key = name or (int(token["number"]) - 1 if token["number"] else count)
            count += 1
            if is_secret(column_of_row) or (name and is_secret(NUMBER_OF_NAME.sub("", name))):
                chosen.add(key)
    return chosen


def parameters(text: str, at: int, work: Work) -> Iterator[tuple[Key, Place]]:
    """The parameters of one row or of many: tuples, lists or dictionaries, as Python prints them."""
    counts: list[int] = []  # of the values before, in each bracket that is open
    name, end = "", at + LONGEST_PARAMETERS
    while at < end and (match := VALUE.search(text, at, end)):
        work.take(CANDIDATE // 4)
        at = match.end()
        if match["open"]:
            counts.append(0)
        elif match["close"]:
            if len(counts) < 2:
                return
            counts.pop()
        elif match["comma"]:
            counts[-1:] = [count + 1 for count in counts[-1:]]
            name = ""
        elif match["bare"]:
            yield (name or sum(counts[-1:])), match.span("bare")
        else:
            place = match.end(), closing(text, match["quote"], match.end())
            at = place[1] + len(match["quote"])
            if text[at : at + 1] == ":":
                name = text[slice(*place)]
            else:
                yield (name or sum(counts[-1:])), place
