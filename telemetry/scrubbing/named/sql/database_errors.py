"""
Values that errors of databases quote, and lines of a file of passwords.

    DETAIL:  Failing row contains (5, bob, ..., null).                      PostgreSQL names no columns
    Duplicate entry '...' for key 'users.api_key'                           MySQL
    unique index 'IX_Users_Token'. The duplicate key value is (...)         SQL Server
    db.example.com:5432:orders:bob:...                                      .pgpass

Sources: https://www.postgresql.org/docs/current/errcodes-appendix.html and src/backend/executor/execMain.c,
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_dup_entry_with_key_name,
https://learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-2601-database-engine-error,
https://www.postgresql.org/docs/current/libpq-pgpass.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.looks import is_told
from telemetry.scrubbing.names import is_secret, split_words
from telemetry.scrubbing.randomness import has_digit
from telemetry.scrubbing.work import CANDIDATE, Work

ROW = "ailing row contains ("
DUPLICATE = ("uplicate entry ", "uplicate key value is ")
PORTS = ("5432", "5433", "6432", "6543", "*")  # of PostgreSQL and of its poolers
PIECES = (ROW, *(f":{port}:" for port in PORTS))
FAILING_ROW = re.compile(r"ailing row contains \((?P<row>[^\r\n]{1,4096})")
ITEM = re.compile(r"(?P<value>(?:[^,\r\n]|,(?! )){1,512}+)(?:, |\Z)")
END_OF_ROW = re.compile(r"\)\.?(?=[\s\"'\\]|\Z)")
# Numbers, times, truth values, ids and addresses of mail say nothing secret.
PLAIN = re.compile(
    r"-?[\d][\d.,:/+ TZ-]{0,60}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^\s@]{1,64}@[\w.-]{1,190}"
    r"|\d{4}-\d\d-\d\d.{0,24}|\\\\x[0-9a-f]{0,8}|[\[{].*"
)
ENTRY = re.compile(
    r"uplicate entry (?P<quote>\\{0,15}')(?P<value>[^\r\n]{1,512}?)(?P=quote) for key \\{0,15}'(?P<key>[\w.$-]{1,128}+)"
)
KEY_VALUE = re.compile(
    r"(?:index|constraint) \\{0,15}'(?P<key>[\w.$-]{1,128}+)[^\r\n]{0,200}?uplicate key value is "
    r"\((?P<value>[^()\r\n]{1,512}+)\)"
)
# What names of indexes have beside the column.
AFFIXES = frozenset({"idx", "index", "ix", "uidx", "uix", "uk", "un", "uniq", "unique", "uq"})
HOST = r"(?<![^\s\"'`=>])(?:[\w.*/-]{1,255}+|\[[0-9a-fA-F:.\\]{2,60}\])"
PGPASS = re.compile(
    rf"{HOST}:(?:{'|'.join(map(re.escape, PORTS))}):[\w*.-]{{1,63}}+:[\w.*@-]{{1,63}}+:"
    r"(?P<value>(?:[^\s\"'`\\:]|\\[:\\]){1,256}+)(?=[\s\"'`\\]|\Z)"
)


def database_secrets(text: str, work: Work) -> Iterator[Place]:
    """The places of such values. Raises Spent."""
    if ROW in text:
        for match in FAILING_ROW.finditer(text):
            work.take(CANDIDATE + len(match["row"]) // 4)
            end = END_OF_ROW.search(text, match.start("row"), match.end())
            yield from row_values(text, match.start("row"), end.start() if end else match.end())
    if any(piece in text for piece in DUPLICATE):
        for pattern in (ENTRY, KEY_VALUE):
            for match in pattern.finditer(text):
                work.take(CANDIDATE)
                if is_secret_key(match["key"]):
                    yield match.span("value")
    if any(piece in text for piece in PIECES[1:]):
        for match in PGPASS.finditer(text):
            work.take(CANDIDATE)
            yield match.span("value")


def row_values(text: str, start: int, end: int) -> Iterator[Place]:
    """The places of the values of a row that look like a secret."""
    while start < end and (item := ITEM.match(text, start, end)):
        value = item["value"]
        if has_digit(value) and is_told(value) and " " not in value and not PLAIN.fullmatch(value):
            yield item.span("value")
        start = item.end()


def is_secret_key(key: str) -> bool:
    """Whether the index of this name is one of a column of secrets."""
    words = [word for word in split_words(key.rpartition(".")[2]) if word not in AFFIXES]
    return is_secret(" ".join(words)) if words else False
