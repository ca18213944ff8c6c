"""Secrets in what programs print around them: escaped slashes, forms, numbered lines, validation errors, lists."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent, values_of

HIDDEN = "Xk93jd02ksQz"

NUMBERED = "     1\t- name: DB_PASSWORD\n     2\t  value: §\n     3\t- name: PORT\n"
FORMS = [
    # slashes and colons that JSON and URLs escape
    '{"u":"https:\\/\\/bob:§@db\\/x"}',
    '{"a":"{\\"u\\":\\"https:\\\\\\/\\\\\\/bob:§@db\\"}"}',
    '{"u":"https:\\u002f\\u002fbob:§@db"}',
    "http%3A//bob:§@db/x",
    "<a href='https:&#x2F;&#x2F;bob:§@db'>",
    # blanks of forms
    "text=password%3A+§&x=1",
    "a=1&headers=Authorization%3A+Bearer+§&b=2",
    "q=%22password%22+%3A+%22§%22",
    # lines as agents read files, and as commands print them
    NUMBERED,
    NUMBERED.replace("\t", "→"),
    "1: - name: DB_PASSWORD\n2:   value: §\n3: - name: PORT\n",
    " - name: PORT\n+- name: DB_PASSWORD\n+  value: §\n",
    "-- name: DB_PASSWORD\n-  value: §\n- name: X\n",
    "app.yml:12:- name: DB_PASSWORD\napp.yml:13:  value: §\n",
    "-ENV DB_PASSWORD §\n+ENV DB_PASSWORD x\n",
    # connection strings of Go
    "app:§@tcp(db:3306)/shop",
    'dsn := "app:§@unix(/run/mysqld.sock)/shop?charset=utf8"',
    # attributes of XML and HTML
    '<password value="§"/>',
    '<input type="password" id="p" value="§">',
    '<entry type="password" value="§"/>',
    # errors of libraries
    "[SQL: INSERT INTO users (name, password) VALUES (?, ?)]\n[parameters: ('bob', '§')]",
    "[SQL: INSERT INTO users (name, password) VALUES (%s, %s)] [parameters: ('bob', '§')]",
    "[SQL: INSERT INTO t (a, api_key, b) VALUES ($1, $2, $3)]\n[parameters: ('bob', '§', 3)]",
    "1 validation error for User\npassword\n  Input should be longer [type=x, input_value='§', input_type=str]",
    '{"detail":[{"type":"string_too_short","loc":["body","password"],"msg":"too short","input":"§"}]}',
    "DETAIL:  Key (api_key)=(§) already exists.",
]
STRUCTURED: list[Any] = [
    ["mysql", "-u", "bob", "-p§"],
    ["curl", "-u", "bob:§", "https://db.example"],
    ["mysql", "-p§"],
    ["curl", "-ubob:§"],
    ["password", "§"],
    {"name": "DB_PASSWORD", "value": "§"},
    [{"name": "PORT", "value": "80"}, {"name": "DB_PASSWORD", "value": "§"}],
    {"env": [{"Key": "API_KEY", "Value": "§"}]},
    ["--header", "X-Api-Key: §"],
    {"auth": {"user": "bob", "pass": "§"}},
]


def filled(form: Any, secret: str) -> Any:
    """The form with the secret in it."""
    if isinstance(form, str):
        return form.replace("§", secret)
    if isinstance(form, list):
        return [filled(item, secret) for item in form]
    return {name: filled(value, secret) for name, value in form.items()}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_what_programs_print_is_redacted(form: str) -> None:
    text, count = redacted(form.replace("§", HIDDEN))

    assert (HIDDEN in text, count) == (False, 1)


@pytest.mark.parametrize("form", FORMS)
def test_a_span_with_it_is_suspect(form: str) -> None:
    message = sent(attributes={"tool.result": form.replace("§", HIDDEN)})

    assert scrubbed(message) == {"redacted_value": 1}
    assert HIDDEN not in str(values_of(message))


@pytest.mark.parametrize("form", STRUCTURED, ids=str)
def test_a_value_with_structure_is_read_like_its_json(form: Any) -> None:
    message = sent(attributes={"tool.arguments": filled(form, HIDDEN)})

    assert scrubbed(message) == {"redacted_value": 1}
    assert HIDDEN not in str(values_of(message))


@pytest.mark.parametrize(
    "clean",
    [
        '{"u":"https:\\/\\/shop.example\\/a:b@c"}',
        "C:\\\\temp\\\\a@b",
        "a=b%20c+d+e",
        "     1\timport os\n     2\tprint(os.environ)\n",
        "+password = read_password()\n-password = None\n",
        "bob@tcp(db)",
        '<input type="password" placeholder="Password" value="">',
        "[SQL: INSERT INTO users (name, age) VALUES (?, ?)]\n[parameters: ('bob', 'x369')]",
        '{"loc":["body","amount"],"msg":"too small","input":"x369y"}',
    ],
)
def test_what_only_looks_like_it_stays(clean: str) -> None:
    assert redacted(clean) == (clean, 0)
