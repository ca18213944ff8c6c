"""The report of the newest packet within a budget: whole sections of it, and a last line with what is left out."""

from __future__ import annotations

import re

from diagnosis.agents.budget import CHARACTERS_A_TOKEN, MOST_CHARACTERS, budget_for, fitting

SECTION = re.compile("^(?=## )", re.M)
LAST_LINE = "> {shown} of {total} sections are shown. {whole} has all of them."
RESERVED = 120  # characters of the last line


def short_markdown(report: str, tokens: int) -> str:
    """As many sections of the report as fit, from the first on; of the first one as many lines."""
    free = min(int(tokens * CHARACTERS_A_TOKEN), MOST_CHARACTERS)
    if len(report) <= free - RESERVED:
        return report
    sections = SECTION.split(report)
    count = fitting([len(section) - 1 for section in sections], free - RESERVED)
    kept = "".join(sections[:count]) or first_lines(sections[0], free - RESERVED)
    budget = budget_for(len(report) + RESERVED)
    fits = len(report) + RESERVED <= budget * CHARACTERS_A_TOKEN
    whole = f"`budget={budget}`" if fits else "The answer without `budget`"
    return f"{kept.rstrip()}\n\n{LAST_LINE.format(shown=count, total=len(sections), whole=whole)}\n"


def first_lines(section: str, free: int) -> str:
    """The lines of the section that fit."""
    lines = section.splitlines(keepends=True)
    return "".join(lines[: fitting([len(line) - 1 for line in lines], free)])
