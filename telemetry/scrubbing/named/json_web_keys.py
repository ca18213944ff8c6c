"""
The private members of a JSON Web Key: `{"kty": "RSA", "d": "..."}`.

Source: https://www.rfc-editor.org/rfc/rfc7518#section-6
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place

TYPE = re.compile(r"[\"']kty\\{0,15}[\"']")
MEMBER = re.compile(
    r"(?<=[\"'])(?:d|p|q|dp|dq|qi|k)\\{0,15}[\"']\s{0,8}:\s{0,8}\\{0,15}[\"'](?P<value>[\w-]{8,4096}+)\\{0,15}[\"']",
    re.ASCII,
)


def private_members(text: str) -> Iterator[Place]:
    """The places of the private members, in a text with a JSON Web Key."""
    if "kty" in text and TYPE.search(text):
        yield from (match.span("value") for match in MEMBER.finditer(text))
