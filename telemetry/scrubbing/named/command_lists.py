"""
Command lines that a text has as a list, as a reading without the brackets and the quotes: command_lines.py reads it.

    ['curl', '-sSu', 'me:...']     Command '["mysql", "-p..."]' returned non-zero     execve("/bin/mysql", ["mysql", ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.escapes import Edit
from telemetry.scrubbing.named.command_lines import OPTIONS_OF
from telemetry.scrubbing.work import CANDIDATE, CHARACTERS_A_STEP, Work

ITEM = r"[^\"'\\\r\n]{0,512}+"
LIST = re.compile(
    rf"[\[(]\s{{0,8}}(?P<quote>\\{{0,15}}[\"']){ITEM}(?P=quote)(?:\s{{0,16}},\s{{0,16}}(?P=quote){ITEM}(?P=quote)){{1,64}}+"
)
SEPARATOR = re.compile(r"\\{0,15}[\"']\s{0,16},\s{0,16}\\{0,15}[\"']")
OPTION = re.compile(r"[\"']-{1,2}[A-Za-z]")
PROGRAM = re.compile(r"[\"'/](?P<name>[\w-]{2,16})(?:\.exe)?\\{0,15}[\"']")


def command_lists(text: str, work: Work) -> Iterator[Edit]:
    """The brackets, quotes and commas of the lists that are command lines. Raises Spent."""
    if not OPTION.search(text):
        return
    for match in LIST.finditer(text):
        work.take(CANDIDATE + len(match[0]) // CHARACTERS_A_STEP)
        if OPTION.search(match[0]) and any(each["name"] in OPTIONS_OF for each in PROGRAM.finditer(match[0])):
            yield match.start(), match.end("quote"), " "
            yield from (
                (*each.span(), " ") for each in SEPARATOR.finditer(text, match.end("quote"), match.end())
            )
            yield match.end() - len(match["quote"]), match.end(), "\n"
