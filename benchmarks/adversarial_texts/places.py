"""
The places of a span where a client's text is read, with requests that have hostile or honest texts there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import orjson

from benchmarks.vocabulary import WORDS

# Shapes that several rules read, or that once took long: a beginning, and what is repeated behind it.
SHAPES = [
    ("0G ", "."), ("", "0G ...."), ("", "?sig=1 "), ("", "token=a "), ("", '"token": 1, '), ("", "--password \""),
    ("[error ", "1or "), ("['error', ", "1, "), ("['error', ", "'a', "), ("{'error': ", "["), ("", "1,"),
    ("", "'a "), ("", "a.b$"), ("", "a://"), ("at ", "Error."), (".go:\n", "("), ("", "a=b "),
    ("Traceback (most recent call last):\n", 'File "'), ("", "eyJ-"),
    ("", "Bearer a1"), ("", "-----BEGIN PRIVATE KEY-----"), ("Cookie: ", "a=b\nCookie: "), ("", "://a:"), ("", "\\\""),
    # Names of secrets hardly apart, in other spellings and scripts, and with values that are none.
    ("", "key:"), ("", "pwd"), ("", "EAAC"), ("", "{Password:a("), ("", "?key=?key"), ("", "пароль: а "),
    ("", "パスワード="), ("", "Token=\"\\\""), ("", '"token":["","",'), ("", '\\"token\\":\\"a\\",'), ("", "<token>a<"),
    ("", "token is a1b2c3d "),
    # Programs, URLs with users, and what nearly is a vendor's key.
    ("", "az login "), ("", "curl -u a:b "), ("", "mysql -pa "), ("", "://ab:cd@e "), ("", "://abcdefgh12345678@ "),
    ("", "sk-a1B2c3D4e5 "), ("", "ghp_0aA1bB2cC3 "), ("", "eyJhbGciOi.eyJhbGciOi "), ("", "Bearer ab1 Basic YTpi "),
]  # fmt: skip


def repeated(beginning: str, part: str, size: int) -> str:
    """The hostile text of that size."""
    return (beginning + part * size)[:size]


def honest_texts(size: int) -> Iterator[str]:
    """Sentences of invented words with a number and a path in each, all different."""
    chance = random.Random(7)
    while True:
        words = " ".join(chance.choices(WORDS, k=size // 7 + 1))
        yield f"{words[: size - 40]} 10.2.3.{chance.randrange(99)} /srv/app/{chance.randrange(999)}"[:size]


PLACES: dict[str, tuple[int, Callable[[str], dict[str, object]]]] = {
    "name": (300, lambda text: {"name": text}),
    "status message": (500, lambda text: failed(text)),
    "exception": (500, lambda text: exception({"exception.message": text, "exception.type": text[:200]})),
    "stack": (16_000, lambda text: exception({"exception.type": "E", "exception.stacktrace": text})),
    "attribute": (16_000, lambda text: {"attributes": pairs({"text": text})}),
    "attribute name": (200, lambda text: {"attributes": pairs({text: "1"})}),
    "tool's result": (16_000, lambda text: tool({"gen_ai.tool.call.result": text})),
    "failed tool": (500, lambda text: tool({"gen_ai.tool.call.arguments": text}) | failed(text)),
    "model's answer": (16_000, lambda text: chat({"gen_ai.output.messages": text, "gen_ai.tool.definitions": text})),
    "short values": (512, lambda text: {"attributes": pairs({f"a{n}": each for n, each in cut(text, 8)})}),
    "short names": (512, lambda text: {"attributes": pairs({f"{n}{each}": "1" for n, each in cut(text, 12)})}),
    "long names": (2_000, lambda text: {"attributes": pairs({f"{n}{each}": "1" for n, each in cut(text, 250)})}),
    "list": (512, lambda text: {"attributes": listed([each for _, each in cut(text, 8)])}),
    "query": (400, lambda text: {"attributes": pairs({"db.system.name": "a", "db.query.text": f"SELECT {text}"})}),
    "metadata": (8_000, lambda text: chat({"metadata": "{'" + text})),
}  # fmt: skip


def pairs(attributes: dict[str, str]) -> list[dict[str, object]]:
    """Attributes in OTLP/JSON."""
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def cut(text: str, size: int) -> Iterator[tuple[int, str]]:
    """The text in pieces of that size, with their numbers; without the end, which makes a text another one."""
    return enumerate(text[start : start + size] for start in range(0, len(text), size))


def listed(texts: list[str]) -> list[dict[str, object]]:
    """An attribute whose value is a list of texts."""
    return [{"key": "a", "value": {"arrayValue": {"values": [{"stringValue": text} for text in texts]}}}]


def failed(message: str) -> dict[str, object]:
    """A failed span."""
    return {"status": {"code": 2, "message": message}}


def exception(attributes: dict[str, str]) -> dict[str, object]:
    """A failed span with an exception event."""
    return {"status": {"code": 2}, "events": [{"name": "exception", "attributes": pairs(attributes)}]}


def tool(attributes: dict[str, str]) -> dict[str, object]:
    """A call of a tool."""
    return {
        "attributes": pairs({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "pay"} | attributes)
    }


def chat(attributes: dict[str, str]) -> dict[str, object]:
    """A model call that asked for tools."""
    known = {"gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": "tool_calls"}
    return {"attributes": pairs(known | attributes)}


def request_of(texts: Iterable[str], place: str, size: int = 100_000) -> bytes:
    """A request of that size with a text in that place of each span."""
    length, make = PLACES[place]
    spans = [
        {
            "traceId": f"{number + 1:032x}",
            "spanId": f"{number + 1:016x}",
            "startTimeUnixNano": "1",
            **make(text),
        }
        for number, text in zip(range(max(size // length, 4)), texts, strict=False)
    ]
    return orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
