r"""
JSON inside JSON, where each level doubles the backslashes before a quote: `\"`, `\\\"`, `\\\\\\\"` and so on.

The rules read the first levels. A text with deeper ones is read again with fewer backslashes, some levels at a time:
as many times as the logarithm of its longest run of them, which takes as many characters as it has.
https://www.rfc-editor.org/rfc/rfc8259#section-7
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.escapes import Edit
from telemetry.scrubbing.work import Work

LEVELS = 4  # that the rules read
DEEP = "\\" * 2**LEVELS
RUN = re.compile(r"\\++")


def deep_levels(text: str, work: Work) -> Iterator[list[Edit]]:
    """For each further few levels the runs of backslashes with so many as the rules read. Raises Spent."""
    if DEEP not in text:
        return
    runs = [match.span() for match in RUN.finditer(text)]
    longest = max(end - start for start, end in runs)
    for level in range(LEVELS, longest.bit_length(), LEVELS):
        work.take(len(runs))
        yield [(start, end, "\\" * ((end - start) >> level)) for start, end in runs]
