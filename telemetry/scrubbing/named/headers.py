"""A text of all headers of a request: every header's value is a secret but for those that are known to hold none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import QUOTE, quoted_values
from telemetry.scrubbing.names import SAFE_HEADER
from telemetry.scrubbing.work import CANDIDATE, Work

HEADER = re.compile(
    r"(?P<mark>[\"'])(?P<name>[^\W_][\w.\- ]{1,80}+)(?P<quote>\\{0,15}(?P=mark))"
    r"\s{0,8}(?P<separator>=>|[:,=])\s{0,8}(?P<list>\[?)\s{0,8}(?:b(?=[\"'\\]))?"
)
PAIRED = re.compile(r"(?i)(?:proxy-)?authorization|(?:set-)?cookie|api-key|x-[a-z-]{1,60}")


def has_quoted_name(text: str) -> bool:
    """Whether the text has a name in quotes with a value, as JSON and a repr have."""
    return HEADER.search(text) is not None


def headers(text: str, work: Work) -> Iterator[Place]:
    """The places of the values of headers that may hold a secret."""
    last_end = 0
    for match in HEADER.finditer(text):
        work.take(CANDIDATE)
        if match.start() < last_end or SAFE_HEADER.fullmatch(match["name"]):
            continue
        if match["separator"] == "," and not is_pair(text, match):
            continue
        quote = QUOTE.match(text, match.end())
        if quote:
            for place in quoted_values(text, quote[0], quote.end(), is_list=bool(match["list"])):
                yield place
                last_end = place[1]


def is_pair(text: str, match: re.Match[str]) -> bool:
    """Whether name and value are in brackets as a pair, and the name is a header's; other lists hold no names."""
    before = text[max(0, match.start() - 17) : match.start()].rstrip("\\").removesuffix("b")
    return before.endswith(("(", "[")) and PAIRED.fullmatch(match["name"]) is not None
