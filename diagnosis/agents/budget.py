"""
Answers cut to a budget of tokens. Pure functions.

A token is taken to be CHARACTERS_A_TOKEN characters of compact JSON: with ids in hex, tokenizers take 2.5 to 3.2 of
them for one. Only whole parts are left out, from the end, so that a larger budget gives the same parts and more, and
`completeness` says what is left out. What is said first, and the first row of a list, stand before the rest: where they
do not fit, what telemetry says in them is cut, and then facts are left out from the end, too. The room for the rest
grows with the budget, whatever is cut before it: what is said first has half of the room at most, and a note in
`completeness` NOTE_SHARE.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

import orjson

from diagnosis.agents import tool_words
from diagnosis.agents.envelope import shrunk
from loopkit.http.untrusted import WARNING
from tenants.api.budgets import FEWEST_TOKENS, MOST_TOKENS

CHARACTERS_A_TOKEN = 2.5
MOST_CHARACTERS = 48_000  # clients put larger answers into a file and show its beginning
NOTE_SHARE = 0.6  # characters of a note in `completeness` for each token
ENVELOPE = 140 + len(
    WARNING
)  # characters that `completeness` and `warning` take beside the names of what is left out
CURSOR = 220  # characters of the argument that brings further rows
RESERVED = ENVELOPE + CURSOR
Part = tuple[str, Any]  # a name and its value
JsonObject = dict[str, Any]
NO_GAPS: JsonObject = {}  # of `completeness`: what the window lacks


def json_characters(value: Any) -> int:
    """The number of characters of the value as compact JSON."""
    return len(orjson.dumps(value).decode())


def json_tokens(value: Any) -> int:
    """The number of tokens that the value takes as compact JSON."""
    return math.ceil(json_characters(value) / CHARACTERS_A_TOKEN)


def room_beside(answer: JsonObject, budget: int, gaps: JsonObject = NO_GAPS) -> int:
    """How many characters fit beside what the answer has already and its `completeness` with these gaps."""
    return room_of(budget, gaps) - json_characters(answer)


def room_of(budget: int, gaps: JsonObject, reserved: int = RESERVED) -> int:
    """How many characters there are for everything but `completeness` and `warning`. It grows with the budget."""
    note = min(json_characters(gaps.get("note", "")), int(budget * NOTE_SHARE))
    counts = json_characters(without_note(gaps))
    return min(int(budget * CHARACTERS_A_TOKEN), MOST_CHARACTERS) - reserved - counts - note


def fitting(sizes: Sequence[int], free: int) -> int:
    """How many of the parts of these sizes fit, in their order."""
    ends = accumulate(size + 1 for size in sizes)  # the comma
    return sum(end <= free for end in ends)


def with_rows(
    answer: JsonObject, name: str, rows: Sequence[Any], budget: int, gaps: JsonObject = NO_GAPS
) -> tuple[JsonObject, int, list[str]]:
    """
    The answer with as many of the rows under the name as fit, the first one always; how many these are; and the names
    of the facts for which there is no room beside it.
    """
    room = room_of(budget, gaps) - len(name) - len('"":[],')
    first = [tool_words.shown_row(row) for row in rows[:1]]
    least = json_characters([shrunk(row, 0) for row in first])
    facts, left_out, free = fitting_facts(tool_words.shown(answer), room, least)
    following = () if left_out else map(tool_words.shown_row, rows[1:])
    shown = fitting_rows(chain(first, following), free)
    return facts | {name: [shrunk(row, free) for row in shown[:1]] + shown[1:]}, len(shown), left_out


def fitting_rows(rows: Iterable[Any], free: int) -> list[Any]:
    """Those of the rows that fit, in their order; the first one always. No other is looked at."""
    shown: list[Any] = []
    for row in rows:
        free -= json_characters(row) + len(",")
        if free < 0 and shown:
            break
        shown.append(row)
        if free < 0:
            break
    return shown


def with_parts(
    answer: JsonObject, parts: Sequence[Part], budget: int, gaps: JsonObject = NO_GAPS
) -> JsonObject:
    """The answer with as many of the named parts as fit, and with its `completeness`."""
    whole = tool_words.shown(answer)
    present = [(name, tool_words.shown(value)) for name, value in parts if value not in (None, "", [], {})]
    names = [name for name, _ in present]
    facts, left_out, free = fitting_facts(whole, room_of(budget, gaps, ENVELOPE) - names_size(names), 0)
    # The room of a name is taken already: it is said of each part, here or in what is left out.
    sizes = [json_characters(value) + len(":") for _, value in present]
    count = 0 if left_out else fitting(sizes, free)
    said_first = json_characters(whole)
    wanted = said_first + max(said_first, sum(sizes) + len(sizes)) + json_characters(gaps) + len("{}")
    left_out += names[count:]
    is_cut = facts != whole
    return with_completeness(
        facts | dict(present[:count]),
        shown=count,
        total=len(present),
        left_out=left_out,
        following={"budget": budget_for(wanted + ENVELOPE + names_size(names))}
        if left_out or is_cut
        else None,
        gaps=fitting_gaps(gaps, budget),
    )


def names_size(names: Iterable[str]) -> int:
    """The number of characters of the names in a list."""
    return sum(len(name) + len('"",') for name in names)


def fitting_facts(answer: JsonObject, room: int, rest: int) -> tuple[JsonObject, list[str], int]:
    """
    What is said first, in half of the room at most; the names of what there is no room for, however it is cut; and the
    characters that are left for the rest, which needs so many of them.
    """
    least = dict(shrunk(answer, 0))
    if json_characters(least) + rest > room:
        sizes = [json_characters(value) + len(":") for value in least.values()]
        count = max(1, fitting(sizes, room - rest - names_size(least)))
        return dict(list(least.items())[:count]), list(least)[count:], rest
    share = min(room // 2, room - rest)
    facts = dict(shrunk(answer, share))
    return facts, [], room - max(json_characters(facts), min(json_characters(answer), share))


def fitting_gaps(gaps: JsonObject, budget: int) -> JsonObject:
    """The gaps, without their note where that has more than its share of the budget."""
    is_short = json_characters(gaps.get("note", "")) <= int(budget * NOTE_SHARE)
    return gaps if is_short else without_note(gaps)


def without_note(gaps: JsonObject) -> JsonObject:
    """The gaps that are counted."""
    return {name: value for name, value in gaps.items() if name != "note"}


def budget_for(wanted: int) -> int:
    """The budget in which that many characters fit, or the largest there is."""
    return min(max(math.ceil(wanted / CHARACTERS_A_TOKEN), FEWEST_TOKENS), MOST_TOKENS)


def with_completeness(
    answer: JsonObject,
    *,
    shown: int,
    total: int | None,
    left_out: Any = None,
    following: JsonObject | None,
    gaps: JsonObject = NO_GAPS,
) -> JsonObject:
    """
    The answer with its `completeness`, and first the word that telemetry is untrusted.

    Args:
        total: how many parts there are; None where only the list itself could say.
        left_out: the names of facts and parts that are not shown; of rows, the number is told by the others.
        following: the argument that brings what is left out; None if this is all.
        gaps: what the store lacks of the window (store_gaps.py).
    """
    following = following or ({"budget": MOST_TOKENS} if left_out else None)
    facts: JsonObject = {"shown": shown, "total": total, "complete": not (following or gaps)}
    facts |= ({"left_out": left_out} if left_out else {}) | gaps
    facts |= {"next": following} if following else {}
    whole = {"warning": WARNING} | answer | {"completeness": facts}
    return whole | {"completeness": facts | {"tokens": json_tokens(whole) + 6}}
