"""
Names and values whose characters are written otherwise than a reader sees them: as escapes, in other letters, among
signs that nobody sees or commands of a terminal, deep in JSON, behind what programs print before each line.

`§` stands for the secret.
"""

from __future__ import annotations

import json

import pytest

from telemetry.scrubbing.bytes_as_text import bytes_of, text_of
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import MARK, redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent, span_of, values_of

HIDDEN = "Xk93jd02ksQz"
ESCAPED = [
    "p%61ssword=§", "%70%61%73%73%77%6f%72%64=§", "p%2561ssword=§", "to%6Ben=§" + "9aB3dE5gH7", "x=1&ap%69_key=§",
    "pass\\u0077ord=§", '{"\\u0070\\u0061\\u0073\\u0073\\u0077\\u006f\\u0072\\u0064":"§"}', '{"api\\u005fkey":"§"}',
    "\\160assword=§", "pass\\x77ord='§'", "pass\\u{77}ord=§", "&#112;assword=§", "pass&#x77;ord=§",
    "pass&#0000119;ord=§", "tok&#101;n='§'", "authoriz%61tion: Bearer §",
]  # fmt: skip
UNSEEN = [
    "pass\u200bword=§", "pass\u00adword=§", "\ufeffpassword=§", "password\u202e=§", "pass\u2066word\u2069=§",
    "api_\u00adkey=§", '{"api\u200b_key":"§"}', "pass\\u200bword=§", "pass&shy;word=§", "pass&#8203;word=§",
    "pass%E2%80%8Bword=§", "pass\ufe0fword=§", "pass\u034fword=§", "password=\u200b§", "паро\u200bль=§",
    "se\u2063cret='§'", "to\u200cken\u200d: '§'",
]  # fmt: skip
OTHER_LETTERS = [
    "ｐａｓｓｗｏｒｄ=§", "ＰＡＳＳＷＯＲＤ：§", "ａｐｉ＿ｋｅｙ = '§'", "pａssword=§", "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝=§",
    "APİ_KEY=§", "apı_key=§", "AUTHORİZATİON: Bearer §", '{"ŞİFRE":"§"}', "CLİENT_SECRET=§",
    "contrasen\u0303a=§", "lo\u0308senord=§", "jelszo\u0301=§", '{"pa\u0301ssword":"§"}', "s\u0327ifre=§",
    "\u30cf\u309aスワート\u3099=§", "\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169=§",
]  # fmt: skip
TERMINAL = [
    "\x1b]8;;https://x.example\x1b\\password\x1b]8;;\x1b\\=§", "password\x1b]8;;\x07: '§'", "password\x1b[0K=§",
    "\x1b[1mpassword\x1b(B\x1b[m=\x1b[3m§\x1b[0m", "pass\x1b[31mword\x1b[0m=§", "password\x9b1m=§", "password\x1b7=§",
    "\\u001b]8;;https://x\\u001b\\\\password\\u001b]8;;\\u001b\\\\=§", "password\\x1b[K=§", "password\x1b[?25h: '§'",
    "p\bpa\bas\bss\bsw\bwo\bor\brd\bd=§", "\\e[1mapi_key\\e[0m=§",
]  # fmt: skip
SETTINGS = "- name: DB_PASSWORD\n  value: §\n- name: PORT\n  value: 80\n"
BEGINNINGS = [
    "web-1  | ", "[pod/web-1/app] ", "[web] ", "2026-11-30T05:01:41.123456789Z ", "Nov 30 05:01:41 host web[123]: ",
    "2026-11-30 05:01:41,123 INFO app: ", "2026-11-30T05:01:41Z stdout F ", "2026/11/30 05:01:41 [error] ", "05:01:41 ",
    "I1130 05:01:41.123456       1 main.go:12] ", "2026-11-30T05:01:41+01:00 web-1  | ", "INFO  app.config - ",
]  # fmt: skip
CLEAN = [
    "50%41 of p%61rts \\u0041bc &#65;bc", "Ｗｅ ｗｒｉｔｅ ｗｉｄｅ， too", "ısırgan ve İstanbul", "a\u200bb\u00adc",
    "\x1b[1mbold\x1b[0m \x1b]8;;https://x.example\x07link\x1b]8;;\x07", "b'\\x41\\x42\\x7f\\x6b\\x65'",
    "web-1  | GET /\nweb-1  | token: str\nweb-1  | password is required\n", "\\\\\\\\server\\\\share " + "\\" * 200,
    "2026-11-30T05:01:41Z INFO app: password changed\n2026-11-30T05:01:42Z INFO app: token expired\n",
]  # fmt: skip


def nested(text: str, levels: int) -> str:
    """The text in JSON in JSON, and so on."""
    for _ in range(levels):
        text = json.dumps({"a": text}, ensure_ascii=False)
    return text


@pytest.mark.parametrize("form", [*ESCAPED, *UNSEEN, *OTHER_LETTERS, *TERMINAL])
def test_a_name_that_is_written_otherwise_is_read_as_it_is_seen(form: str) -> None:
    text, count = redacted(form.replace("§", HIDDEN))

    assert (HIDDEN in text, count) == (False, 1)
    assert redacted(text) == (text, 0)
    assert scrubbed(sent({"note": f"so {form.replace('§', HIDDEN)}"})) == {"redacted_value": 1}


@pytest.mark.parametrize(
    "name",
    [
        "pass\u200bword",
        "ｐａｓｓｗｏｒｄ",
        "APİ_KEY",
        "api\u00ad_key",
        "p%61ssword",
        "s\u0327ifre",
        "pass\x1b[1mword",
    ],
)
def test_the_name_of_an_attribute_is_read_so_too(name: str) -> None:
    message = sent({name: "swordfish"})

    assert scrubbed(message) == {"redacted_value": 1}


@pytest.mark.parametrize("levels", [*range(1, 10)])
@pytest.mark.parametrize(
    "form",
    ['{"password": "§"}', "DB_PASSWORD=§\nx", '- name: DB_PASSWORD\n  value: "§"', '{"api_key": ["§"]}'],
)
def test_json_inside_json_is_read_however_deep_it_is(form: str, levels: int) -> None:
    text = nested(form.replace("§", HIDDEN), levels)

    kept, count = redacted(text)

    assert (kept, count) == (text.replace(HIDDEN, MARK), 1)


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize(
    "lines",
    [
        SETTINGS,
        "user: bob\npassword: |\n  §\nhost: b\n",
        "id,password\nbob,§\n",
        "machine x\n  login y\n  password §\n",
    ],
)
def test_what_programs_print_before_lines_is_left_out(beginning: str, lines: str) -> None:
    text = "".join(f"{beginning}{line}\n" for line in lines.replace("§", HIDDEN).splitlines())

    assert redacted(text) == (text.replace(HIDDEN, MARK), 1)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_lines_of_a_key_are_one_secret_behind_it(beginning: str) -> None:
    key = (
        f"-----BEGIN RSA PRIVATE KEY-----\n{HIDDEN * 5}\n{HIDDEN[::-1] * 2}==\n-----END RSA PRIVATE KEY-----"
    )
    text = "".join(f"{beginning}{line}\n" for line in key.splitlines())

    kept, count = redacted(text)

    assert (HIDDEN in kept, HIDDEN[::-1] in kept, count) == (False, False, 1)


@pytest.mark.parametrize("name", ["пароль", "密码", "パスワード", "password", "contraseña"])
@pytest.mark.parametrize("behind", [b"", b"\xff\xfe"])
def test_bytes_are_read_in_every_script(name: str, behind: bytes) -> None:
    message = sent()
    pair = span_of(message).attributes.add(key="body")
    pair.value.bytes_value = f'{{"{name}": "{HIDDEN}"}}'.encode() + behind

    assert scrubbed(message) == {"redacted_value": 1}
    assert pair.value.bytes_value == f'{{"{name}": "{MARK}"}}'.encode() + behind


@pytest.mark.parametrize(
    "data", [bytes(range(256)), "\U0010ff80\U0010ffff é".encode(), b"\xf4\x8f\xbe\x80\xff", b"\xf4"]
)
def test_bytes_become_a_text_and_the_same_bytes_again(data: bytes) -> None:
    assert bytes_of(text_of(data)) == data


def test_bytes_that_are_no_text_stay() -> None:
    message = sent()
    data = bytes(range(256)) + b"password: none"
    span_of(message).attributes.add(key="body").value.bytes_value = data

    assert scrubbed(message) == {}
    assert list(values_of(message)) == ["body"]


@pytest.mark.parametrize("text", CLEAN)
def test_what_hides_no_name_stays_and_is_not_suspect(text: str) -> None:
    assert redacted(text) == (text, 0)
    if "password" not in text:
        assert not is_suspect(text.encode())
