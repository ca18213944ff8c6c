"""
One row of the list: how the secrets of a kind are written, in terms that patterns and test values are both made from.

    kind("SendGrid", "API key", "SG.", "base64url{16,64} . base64url{16,128}", source)

`anchors` are fixed texts that no other word holds. Behind one follows `tail`, before it stands `head`; both are runs of
an alphabet with a shortest and a longest length, and texts between them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ALPHABETS = {
    "digits": "0-9",
    "hex": "0-9a-f",
    "anyhex": "0-9a-fA-F",
    "lower": "0-9a-z",
    "upper": "0-9A-Z",
    "letters": "A-Za-z",
    "alnum": "0-9A-Za-z",
    "word": r"0-9A-Za-z_",
    "base64": r"0-9A-Za-z+/=",
    "base64url": r"0-9A-Za-z_\-",
    "padded": r"0-9A-Za-z_\-=",
    "dotted": r"0-9A-Za-z_.\-",
    "crypt": r"0-9A-Za-z./",
    "phc": r"0-9A-Za-z+/=,.$",
    "path": r"0-9A-Za-z_/\-",
    "loose": r"0-9A-Za-z+/=_.\-",
    "tilde": r"0-9A-Za-z_~.\-",
    "escaped": r"0-9A-Za-z_%\-",
    "uuid": r"0-9a-fA-F\-",
    "django": r"0-9a-z!@#$%^&*(\-_=+)",
    "anyurl": r"0-9A-Za-z_%&=?/+.,~\-",
}
RUN = re.compile(r"(?P<alphabet>[a-z0-9]+)\{(?P<shortest>\d+)(?:,(?P<longest>\d+))?\}")


class Run(NamedTuple):
    """Some characters of one alphabet."""

    alphabet: str
    shortest: int
    longest: int


class SecretKind(NamedTuple):
    """A kind of secret; `head` and `tail` are runs and fixed texts in the order in which they are written."""

    vendor: str
    name: str
    anchors: tuple[str, ...]
    tail: tuple[Run | str, ...]
    source: str
    head: Run | None


def kind(vendor: str, name: str, anchors: str, tail: str, source: str, head: str = "") -> SecretKind:
    """The row; several anchors of the same form are parted by spaces, and so are the parts of the tail."""
    parts = tuple(parsed_part(part) for part in tail.split())
    before = parsed_part(head) if head else None
    return SecretKind(
        vendor, name, tuple(anchors.split(" ")), parts, source, before if isinstance(before, Run) else None
    )


def parsed_part(part: str) -> Run | str:
    """The run that `alphabet{shortest,longest}` describes, or the text itself."""
    match = RUN.fullmatch(part)
    if match is None:
        return part
    return Run(match["alphabet"], int(match["shortest"]), int(match["longest"] or match["shortest"]))
