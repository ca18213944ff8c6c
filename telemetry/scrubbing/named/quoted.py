"""
Values behind names in quotes, as JSON, reprs, PHP and HCL write them.

    "password": "..."   \\"password\\": [\\"...\\"]   {'password': 7}   'password' => '...'   "password" = "..."
    ("x-api-key", "...")   [b"authorization", b"..."]                  a header in a pair
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.endings import REST
from telemetry.scrubbing.named.values import QUOTE, closing
from telemetry.scrubbing.names import is_count, is_folder

QUOTED = re.compile(
    r"(?P<mark>[\"'])(?P<name>[^\W_][\w.\- ]{1,80}+)(?P<quote>\\{0,15}(?P=mark))"
    r"\s{0,8}(?P<separator>=>|[:,=])\s{0,8}(?P<list>\[?)\s{0,8}(?:b(?=[\"'\\]))?"
)
LONGEST_NAME = 82  # characters, with its quotation mark
CLOSING_QUOTE = re.compile(REST + r" {0,8}\\{0,15}[\"'](?=\s{0,8}[=:,])")
PAIRED = re.compile(r"(?i)(?:proxy-)?authorization|(?:set-)?cookie|api-key|x-[a-z-]{1,60}")
NEXT = re.compile(r"\s{0,8},\s{0,8}b?(?=\\{0,15}[\"'])")
NUMBER = re.compile(r"-?\d[\d.]{0,40}+(?![\w\"'])")
# A token of a model's answer with its probability: https://platform.openai.com/docs/api-reference/chat/object
PROBABILITY = re.compile(r"\\{0,15}[\"']\s{0,8},\s{0,8}\\{0,15}[\"'](?:logprob|bytes|prob|id)\b")
Judge = Callable[[str], bool]


def has_quoted_name(text: str) -> bool:
    """Whether the text has a quotation mark, as JSON and a repr have."""
    return QUOTED.search(text) is not None


def quoted_names(text: str, ends: list[int]) -> Iterator[re.Match[str]]:
    """The names in quotes that may be those of secrets, with what separates them from their values."""
    for end in ends:
        closing_quote = CLOSING_QUOTE.match(text, end)
        if closing_quote:
            start = text.rfind(text[closing_quote.end() - 1], max(0, end - LONGEST_NAME), end)
            match = QUOTED.match(text, start) if start >= 0 else None
            if match:
                yield match


def quoted_secrets(text: str, names: Iterable[re.Match[str]], judge: Judge) -> Iterator[Place]:
    """The places of texts and numbers behind quoted names."""
    last_end = 0
    for match in names:
        if (
            match.start() >= last_end
            and (match["separator"] != "," or is_pair(text, match))
            and judge(match["name"])
        ):
            for start, end in quoted_values(text, match):
                yield start, end
                last_end = end


def is_pair(text: str, match: re.Match[str]) -> bool:
    """Whether name and value are in brackets as a pair, and the name is a header's; other lists hold no names."""
    before = text[max(0, match.start() - 17) : match.start()].rstrip("\\").removesuffix("b")
    return before.endswith(("(", "[")) and PAIRED.fullmatch(match["name"]) is not None


def quoted_values(text: str, match: re.Match[str]) -> Iterator[Place]:
    """The places of the values behind one name: a number, a text, or each text of a list."""
    at = match.end()
    number = NUMBER.match(text, at)
    if number and not is_count(match["name"], 0):
        yield number.span()
    while quote := QUOTE.match(text, at):
        end = closing(text, quote[0], quote.end())
        if not is_harmless(match["name"], text, quote.end(), end):
            yield quote.end(), end
        next_item = NEXT.match(text, end + len(quote[0])) if match["list"] else None
        if next_item is None:
            return
        at = next_item.end()


def is_harmless(name: str, text: str, start: int, end: int) -> bool:
    """Whether the text in quotes is a token of a model's answer, or the folder of a shell."""
    return (name == "token" and PROBABILITY.match(text, end) is not None) or is_folder(name, text[start:end])
