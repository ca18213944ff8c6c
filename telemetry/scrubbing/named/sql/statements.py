"""
Values in the parameters that programs print beside a statement of SQL, by the columns that they are compared with.

    [SQL: UPDATE users SET name=?, password=? WHERE id = ?]  [parameters: ('bob', '...', 5)]          SQLAlchemy
    UPDATE "users" SET "password" = $1 -- PARAMETERS: ["..."]                                           TypeORM
    UPDATE "users" SET "password" = %s WHERE "id" = %s; args=('...', 5); alias=default                  Django
    ==>  Preparing: UPDATE users SET password = ?   ==> Parameters: ...(String), 5(Integer)             MyBatis
    UPDATE users SET password = $1     DETAIL:  parameters: $1 = '...', $2 = '5'                     PostgreSQL
    binding parameter (2:VARCHAR) <- [...]     [Parameters=[@p0='...'], ...]         Hibernate, Entity Framework

The parameters are read by statement_values.py. Sources: https://docs.sqlalchemy.org/en/20/errors.html,
https://github.com/typeorm/typeorm/blob/master/src/platform/PlatformTools.ts, django/db/backends/utils.py,
https://mybatis.org/mybatis-3/logging.html, https://www.prisma.io/docs/orm/prisma-client/observability-and-logging/logging,
https://www.doctrine-project.org/projects/doctrine-dbal/en/latest/, and the styles of
https://peps.python.org/pep-0249/#paramstyle, https://www.postgresql.org/docs/current/sql-prepare.html ($1),
https://learn.microsoft.com/ef/core/logging-events-diagnostics/ (@p0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.sql.statement_values import (
    Key,
    numbered_parameters,
    parameters,
    typed_parameters,
)
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.work import CANDIDATE, Work

LONGEST_STATEMENT = 4_096
OF_STATEMENTS = ("VALUES", "values", "SET ", "set ", "WHERE", "where")  # one of them is in each
# What stands before the parameters, and in a log of MyBatis, which has no brackets.
NAMED = (
    r"(?i:(?<!\w)(?:parameters?|params|args|arguments|bindings?|binds?|bound|values))\\{0,15}[\"']?"
    r"(?:(?<=> Parameters)(?P<typed>: )(?=[^\n\[({$])|[ ]{0,4}(?:=>|[:=])?[ ]{0,4}(?=[\[({]|(?P<numbered>\$1 = )))"
)
# A list behind the last parameter of a statement, as Sequelize and Ecto print it.
TRAILING = r"(?:\?|\$\d{1,4})\)?;?[ ]{1,4}(?=\[(?![A-Za-z]\w{0,20}[:=]))"
BEFORE = re.compile(rf"{NAMED}|{TRAILING}")
BINDING = re.compile(
    r"binding parameter [\[(](?P<number>\d{1,4})[^\n\[]{0,60}(?:\[\w{1,40}\] - |<- )\[(?P<value>[^\]\n]{1,1024}+)\]"
)
VERB = (
    r"(?i:(?:insert|replace|merge)[ \t\r\n]+(?:ignore[ \t\r\n]+)?into|update|delete[ \t\r\n]+from|select|call|exec"
    r"|with(?=\s\w{1,64}\s(?:as\b|\()))\b"
)
# Where a statement begins: at the beginning of a line, of brackets, of a text in quotes, or behind a word and a colon.
BEGINNING = re.compile(rf"(?:^|\\n|[\"'`\[(:>\])=]|query )[ \t]{{0,8}}(?={VERB})", re.M)
# Where one begins in a sentence: `while executing INSERT INTO users (`. There the words are as often those of prose.
IN_SENTENCE = re.compile(
    rf" (?={VERB}[ \t\r\n])(?i:update(?=[ \t\r\n]{{1,8}}+\S{{1,200}}+[ \t\r\n]{{1,8}}+set[ \t\r\n])"
    r"|(?=insert|replace|merge|delete|select))"
)
# Parameters of Entity Framework stand before their statement.
FIRST_PARAMETERS = re.compile(r"\[Parameters=(?=\[)")
MARK = (
    r"(?P<mark>\?|%s|\$(?P<number>\d{1,4})|%\((?P<named>\w{1,80})\)s|__\[POSTCOMPILE_(?P<later>\w{1,80})\]"
    r"|(?<![:\w]):(?P<colon>[A-Za-z_]\w{0,80}+)|@(?P<at>p?\d{1,4}|[A-Za-z_]\w{0,80}+))"
)
TOKEN = re.compile(
    rf"'(?P<literal>[^']{{0,1024}}+)'|{MARK}|(?P<operator>=|<>|!=|\b(?i:i?like|in)\b(?=[ (]))"
    r"|(?P<word>[A-Za-z_]\w{0,80}+)"
)
# `? = token`: the column stands behind.
BEHIND = re.compile(
    r"(?:::\w{1,40})?[ \t]{0,4}(?:=|<>|!=)[ \t]{0,4}(?:[\"`\[]?\w{1,80}[\"`\]]?\.){0,3}[\"`\[]?"
    r"(?P<word>[A-Za-z_]\w{0,80}+)"
)
# A row of columns before a row of values: `(a, b) VALUES (`, `SET (a, b) = (`, `(a, b) IN ((`.
ROW = re.compile(
    r"\((?P<names>[^()]{1,1024}+)\)\s{0,16}+"
    r"(?i:(?:output\s[^()]{1,200}\s|overriding \w{1,10} value )?values|=\s{0,4}(?:row)?|in\s{0,4}\()\s{0,16}+\("
)
# The words behind the values of a row.
ENDS_ROW = frozenset({"where", "returning", "on", "set", "limit", "and"})
NUMBER_OF_NAME = re.compile(r"_\d{1,4}\Z")


def statement_parameters(text: str, work: Work) -> Iterator[Place]:
    """The places of the parameters of secret columns. Raises Spent."""
    if not any(word in text for word in OF_STATEMENTS):
        return
    last_end = 0
    for match in BEFORE.finditer(text):
        work.take(CANDIDATE)
        if match.start() < last_end:
            continue
        statement = statement_before(text, last_end, match.start() if match[0][0].isalpha() else match.end())
        if not statement and match["numbered"] is not None:
            statement = text[match.end() : match.end() + LONGEST_STATEMENT]
        chosen, literals = secret_parameters(statement, work)
        for key, place in read_parameters(text, match, work) if chosen or literals else ():
            last_end = place[1]
            if key in chosen or text[slice(*place)] in literals:
                yield place
    yield from bound_one_by_one(text, work)
    yield from of_entity_framework(text, work)


def read_parameters(text: str, match: re.Match[str], work: Work) -> Iterator[tuple[Key, Place]]:
    """The parameters behind what names them."""
    if match["typed"] is not None:
        return typed_parameters(text, match.end(), work)
    return (numbered_parameters if match["numbered"] is not None else parameters)(text, match.end(), work)


def bound_one_by_one(text: str, work: Work) -> Iterator[Place]:
    """The places of the parameters that Hibernate prints, each in a line."""
    if "binding parameter" not in text:
        return
    statement, chosen = "", set[Key]()
    for match in BINDING.finditer(text):
        work.take(CANDIDATE)
        before = statement_before(
            text, 0, text.find("binding parameter", max(0, match.start() - LONGEST_STATEMENT))
        )
        if before != statement:
            statement, (chosen, _) = before, secret_parameters(before, work)
        if int(match["number"]) - 1 in chosen:
            yield match.span("value")


def of_entity_framework(text: str, work: Work) -> Iterator[Place]:
    """The places of the parameters that stand before their statement."""
    for match in FIRST_PARAMETERS.finditer(text):
        chosen, _ = secret_parameters(text[match.end() : match.end() + LONGEST_STATEMENT], work)
        if chosen:
            yield from (place for key, place in parameters(text, match.end(), work) if key in chosen)


def statement_before(text: str, earliest: int, end: int) -> str:
    """The statement that ends before the parameters; "" for none. `earliest`: where the parameters before ended."""
    start = max(earliest, end - LONGEST_STATEMENT, text.rfind("\n\n", 0, end))
    match = BEGINNING.search(text, start, end) or IN_SENTENCE.search(text, start, end)
    return text[match.end() : end] if match else ""


def secret_parameters(statement: str, work: Work) -> tuple[set[Key], set[str]]:
    """Which parameters of the statement belong to columns of secrets, and the texts that it has itself for such."""
    if not statement:
        return set(), set()
    work.take(CANDIDATE + len(statement) // 10)
    chosen: set[Key] = set()
    literals: set[str] = set()
    columns, count = ComparedColumns(statement), 0
    for token in TOKEN.finditer(statement):
        column = columns.of_value(token)
        if column is None:
            continue
        if token["literal"] is not None:
            literals |= {token["literal"]} if is_secret(column) else set()
            continue
        if is_secret(column or column_behind(statement, token.end())) or is_named_so(token):
            chosen.add(key_of(token, count))
        count += 1
    return chosen, literals


class ComparedColumns:
    """The columns that the values of a statement belong to, as its tokens are read in order."""

    def __init__(self, statement: str) -> None:
        self._rows = [(match.end(), column_names(match["names"])) for match in ROW.finditer(statement)]
        self._names: list[str] = []  # the columns of the rows of values that are read now
        self._in_row = 0
        self._column = self._word = ""

    def of_value(self, token: re.Match[str]) -> str | None:
        """The column of a value, "" for none; None for a token that is no value."""
        if self._rows and token.start() >= self._rows[0][0]:
            self._names, self._in_row, self._column = self._rows.pop(0)[1], 0, ""
        if token["word"]:
            if token["word"].lower() in ENDS_ROW:
                self._names = []
            self._column, self._word = "", token["word"]
            return None
        if token["operator"]:
            self._names, self._column = [], self._word
            return None
        if not self._names:
            return self._column
        self._in_row += 1
        return self._names[(self._in_row - 1) % len(self._names)]


def column_names(columns: str) -> list[str]:
    """The names in a list of columns."""
    return [name.strip(" \t\r\n\"'`[]\\").rpartition(".")[2] for name in columns.split(",")]


def column_behind(statement: str, end: int) -> str:
    """The column behind a parameter that is compared with it; "" for none."""
    match = BEHIND.match(statement, end)
    return match["word"] if match else ""


def is_named_so(token: re.Match[str]) -> bool:
    """Whether the parameter itself has the name of a secret."""
    name = token["named"] or token["colon"] or token["later"] or token["at"]
    return bool(name) and is_secret(NUMBER_OF_NAME.sub("", name))


def key_of(token: re.Match[str], count: int) -> Key:
    """The parameter's name, or its place; `count`: of the parameters before."""
    name = token["named"] or token["colon"] or token["later"]
    if token["at"]:
        return f"@{token['at']}"
    return name or (int(token["number"]) - 1 if token["number"] else count)
