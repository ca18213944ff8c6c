"""No text breaks the redaction, and one that did would be redacted as a whole."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopkit.log_lines import without_secrets
from telemetry.scrubbing import failures, texts
from telemetry.scrubbing.attributes import redacted_name
from telemetry.scrubbing.kinds.search import ANCHORS
from telemetry.scrubbing.named.pieces import name_pieces
from telemetry.scrubbing.shapes import FIXED
from telemetry.scrubbing.texts import MARK, redacted, redacted_headers
from telemetry.scrubbing.work import Work
from tests.telemetry.scrubbing.sent import HIDDEN, scrubbed, sent, values_of

HALVES = ["\\ud83d", "\\ude00", "\\uD800\\uD800", "\\udfff", "&#xD800;", "&#55357;", "&#57343;", "%ED%A0%80"]
TEXTS = [
    '{"password": "§", "m": "\\ud83d\\ude00"}',
    '{\\"password\\": \\"§\\", \\"m\\": \\"\\\\ud83d\\\\ude00\\"}',
    *(f'{{"password": "§", "m": "{half}"}}' for half in HALVES),
    *(f"token=§ {half}" for half in HALVES),
    "auth=é password=§",
    "GET /x?auth=naïve&password=§",
    '{"auth": "Schlüssel", "password": "§"}',
]
PIECES = [
    *(piece.decode() for piece in name_pieces()), *ANCHORS, *FIXED, *HALVES, "&#0;", "&#99999;", "\\u0000", "\\x00",
    "%00", "%C3", "%FF%FE", "\ud800", "\udcff", "\U0001f600", "\0", "\u2028", "\u0130", "ß", "é", "密码", "[redacted]",
    HIDDEN,
    "password", "api_key", "auth", "code", "Cookie", "Authorization", "=", ":", " ", '"', "'", "`", "\\", "\\n", "\n",
    "\r\n", "\t", "|", ",", ";", "&", "?", "<", ">", "</", "(", ")", "[", "]", "{", "}", "://", "@", "%3D", "&quot;",
    "INSERT INTO t (", ") VALUES (", "mysql -p", "curl -u ", "s:8:", "|\n ", "<<EOF\n", '"kty":', '"name":', '"value":',
    "Basic dXNlcjpwYXNz", "x" * 40, "A1b2" * 10,
]  # fmt: skip


def raised(error: Exception) -> None:
    """Raise the error instead of noting it."""
    raise error


@pytest.fixture
def no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of the redaction fails the test."""
    monkeypatch.setattr(failures, "note", raised)


@pytest.mark.usefixtures("no_failure")
@pytest.mark.parametrize("text", TEXTS)
def test_halves_of_characters_and_other_letters_hide_no_secret(text: str) -> None:
    text = text.replace("§", HIDDEN)
    message = sent({"note": text, text: "1"}, name=text)

    assert scrubbed(message)["redacted_value"] == 3
    assert HIDDEN not in str(values_of(message))
    assert redacted(text)[0] == text.replace(HIDDEN, MARK)


@pytest.mark.usefixtures("no_failure")
def test_half_a_character_as_it_is_hides_no_secret() -> None:
    assert redacted(f"\ud800 password={HIDDEN} \udc80") == (f"\ufffd password={MARK} \ufffd", 1)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(st.characters(), max_size=3)), max_size=30))
def test_no_text_makes_the_redaction_fail(pieces: list[str]) -> None:
    text = "".join(pieces)
    stored = text.encode(errors="replace").decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failures, "note", raised)
        redacted(text)
        without_secrets(text)
        redacted_headers(stored, Work(len(stored)))
        redacted_name(stored)
        scrubbed(sent({"note": stored, stored: [stored], "llm.headers": stored}, name=stored))


def test_a_text_with_which_the_redaction_fails_is_redacted_as_a_whole_and_noted_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise LookupError(HIDDEN)

    monkeypatch.setattr(texts, "secrets_in", fail)
    monkeypatch.setattr(failures, "noted", set())

    with caplog.at_level(logging.ERROR):
        kept = [redacted(f"password={HIDDEN}") for _ in range(2)]

    assert kept == [(MARK, 1)] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "a text was redacted as a whole, since its redaction failed: LookupError in "
        f"{fail.__qualname__}:{fail.__code__.co_firstlineno + 1}"
    ]
