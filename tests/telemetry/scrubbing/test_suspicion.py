"""The search of suspicion.py lets no text through in which the rules behind it find a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from telemetry.scrubbing.areas import everywhere
from telemetry.scrubbing.named.sentences import FIRST_WORDS, VERBS
from telemetry.scrubbing.names import ENDINGS, FOREIGN, RUN_TOGETHER, TOKEN_SUFFIXES
from telemetry.scrubbing.readings import secrets_in
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.work import Work
from tests.telemetry.scrubbing import forms
from tests.telemetry.scrubbing.sent import scrubbed, sent

VALUE = "zX9qLm2wRt77Gh"


def spellings(ending: str) -> Iterator[str]:
    """The ways to write the words of a name."""
    words = ending.split()
    titles = [word.title() for word in words]
    yield from (
        "_".join(words),
        "-".join(words),
        f"my.{'.'.join(words)}",
        "__".join(words),
        "_".join(words).upper(),
    )
    yield from (
        " ".join(words),
        " ".join(titles),
        "".join(titles),
        words[0] + "".join(titles[1:]),
        "-".join(titles),
    )
    yield from ("_".join(titles), " ".join(words).upper(), "-".join(words).upper())


def names() -> Iterator[str]:
    """Every name, and names with a suffix, in every spelling."""
    for ending in sorted({*ENDINGS, *RUN_TOGETHER, *FOREIGN}):
        yield from spellings(ending)
    for suffix in sorted(TOKEN_SUFFIXES):
        yield from spellings(f"api token {suffix}")
    for ending in ("secret key base", "api key prod", "password 2", "client key data", "db pass old"):
        yield from spellings(ending)


NAMES = sorted(set(names()))


@pytest.mark.parametrize("form", forms.ALL)
def test_no_text_is_let_through_whose_value_would_be_redacted(form: str) -> None:
    let_through = [text for name in NAMES if not is_suspect((text := written(form, name)).encode())]

    assert [text for text in let_through if any(secrets_in(text, everywhere(text), Work(10**6)))] == []


def test_no_text_of_a_url_is_let_through() -> None:
    texts = [quote(json.dumps({name: VALUE})) for name in NAMES if name.isascii()]
    let_through = [text for text in texts if not is_suspect(text.encode())]

    assert [text for text in let_through if any(secrets_in(text, everywhere(text), Work(10**6)))] == []


def written(form: str, name: str) -> str:
    """The form with a name and a value."""
    return form.replace("NAME", name).replace("§", VALUE)


@pytest.mark.parametrize("verb", VERBS)
def test_no_sentence_is_let_through_that_tells_a_secret(verb: str) -> None:
    for word in FIRST_WORDS:
        for text in (
            f"The {word} {verb} {VALUE}.",
            f"{word.title()} {verb}: {VALUE}",
            f"{word} {verb} now {VALUE}",
        ):
            assert is_suspect(text.encode()) or not any(secrets_in(text, everywhere(text), Work(10**6))), text


def test_no_attribute_is_let_through() -> None:
    assert [name for name in NAMES if scrubbed(sent({name: VALUE})) != {"redacted_value": 1}] == []


@pytest.mark.parametrize(
    "text",
    [
        "The first token is streamed, then 17 tokens; a token count of 512 and the next page token are kept.",
        '{"usage": {"input_tokens": 17, "total_tokens": 29}, "token_type": "bearer", "tokenizer": "bpe"}',
        "SELECT id FROM t WHERE primary_key = 7 AND sort_key > 3 ORDER BY key",
        "Put the API key into the settings, and use the access key that you were given.",
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    ],
)
def test_what_holds_no_value_is_let_through(text: str) -> None:
    assert not is_suspect(text.encode())
