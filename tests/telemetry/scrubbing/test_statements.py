"""Parameters of statements as SQLAlchemy prints them: those of secret columns are redacted, others stay."""

from __future__ import annotations

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent

HIDDEN = "Xk93jd02ksQz"
SECRET = [
    ("UPDATE users SET password=? WHERE users.id = ?", "('§', 5)"),
    ("UPDATE users SET name=?, password=?, age=? WHERE id = ?", "('bob', '§', 5, 6)"),
    ("DELETE FROM sessions WHERE sessions.token = ?", "('§',)"),
    ("SELECT users.id, users.password FROM users WHERE users.api_key = ? LIMIT ?", "('§', 1)"),
    ("UPDATE users SET password=%(param_1)s WHERE id = %(id_1)s", "{'param_1': '§', 'id_1': 5}"),
    ("UPDATE users SET x=:password_1", "{'password_1': '§'}"),
    ("UPDATE users SET password=$2::VARCHAR WHERE id=$1::INTEGER", "(5, '§')"),
    ("SELECT * FROM t WHERE token = %s AND id = %s", "['§', 5]"),
    ("UPDATE users SET password=? WHERE id = ?", "[('§', 5), ('§', 6)]"),
    ("INSERT INTO users (name, password) VALUES (?, ?)", "[('bob', '§'), ('eve', '§')]"),
    ("INSERT INTO users (name, password) VALUES (?, ?), (?, ?)", "('bob', '§', 'eve', '§')"),
    (
        "INSERT INTO t (name, api_key) VALUES (%(a)s, %(b)s)",
        "[{'a': 'bob', 'b': '§'}, {'a': 'eve', 'b': '§'}]",
    ),
    ("SELECT 1 FROM t WHERE t.name = ? AND t.secret_key IN (?, ?)", "('bob', '§', '§')"),
    ("UPDATE users\n   SET password=?,\n name=?\n WHERE id = ?", "('§', 'bob', 5)"),
    ('UPDATE "users" SET "password"=? WHERE "users"."name" LIKE ?', "('§', 'b%')"),
]
CLEAN = [
    ("UPDATE users SET name=?, age=? WHERE id = ?", "('x369y', 5, 6)"),
    ("SELECT users.password FROM users WHERE users.name = ?", "('x369y',)"),
    ("UPDATE users SET password=? WHERE id = ?", "(None, 5)"),
    ("SELECT token FROM t WHERE id IN (?, ?) AND at > ?", "('x369y', 7, datetime.datetime(2026, 1, 2))"),
]


def error(statement: str, parameters: str) -> str:
    """The error's text."""
    return f"(psycopg.Error) it failed\n[SQL: {statement}]\n[parameters: {parameters}]\n(Background on this error)"


@pytest.mark.parametrize(("statement", "parameters"), SECRET)
def test_a_parameter_of_a_secret_column_is_redacted(statement: str, parameters: str) -> None:
    text = error(statement, parameters)

    expected = text.replace("§", "[redacted]"), text.count("§")
    assert redacted(text.replace("§", HIDDEN)) == expected
    assert scrubbed(sent({"exception.message": text.replace("§", HIDDEN)})) == {"redacted_value": expected[1]}


@pytest.mark.parametrize(("statement", "parameters"), CLEAN)
def test_other_parameters_stay(statement: str, parameters: str) -> None:
    assert redacted(error(statement, parameters)) == (error(statement, parameters), 0)
