"""
What tells issues apart whose titles are the same: two causes with one text, or long texts that are cut alike.

A note is added to each: its service, else its class with the module, else the part of its message from where the
messages begin to differ, else its cluster. What is the same for two of them tells nothing and is not taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from diagnosis.issues.titles.title import TITLE_LENGTH
from telemetry.grouping.fingerprint import cluster_id
from telemetry.spans.failing_record import FailingRecord

LONGEST = 70  # characters of a note
Telling = Callable[[Sequence[FailingRecord]], list[str]]


def distinct_titles(titles: Sequence[str], examples: Sequence[FailingRecord]) -> list[str]:
    """The titles of the issues with these records, in their order, all different."""
    alike: dict[str, list[int]] = defaultdict(list)
    for number, title in enumerate(titles):
        alike[title].append(number)
    found = list(titles)
    for numbers in alike.values():
        if len(numbers) > 1:
            for number, note in zip(numbers, notes_of([examples[each] for each in numbers]), strict=True):
                found[number] = with_note(titles[number], note)
    return found


def notes_of(examples: Sequence[FailingRecord]) -> list[str]:
    """The notes of issues with one title, all different."""
    rules: tuple[Telling, ...] = (services, classes, differing_texts)
    told = (rule(examples) for rule in rules)
    clusters = [cluster_id(example.fingerprint) for example in examples]
    return next((each for each in told if "" not in each and len(set(each)) == len(each)), clusters)


def services(examples: Sequence[FailingRecord]) -> list[str]:
    """The services."""
    return [example.service[:LONGEST] for example in examples]


def classes(examples: Sequence[FailingRecord]) -> list[str]:
    """The classes with their modules."""
    return [example.error_type[:LONGEST] for example in examples]


def differing_texts(examples: Sequence[FailingRecord]) -> list[str]:
    """The messages from the first word on in which they differ."""
    messages = [example.message for example in examples]
    shortest = min(messages, key=len)
    letters = enumerate(zip(*messages, strict=False))
    differing = next((number for number, each in letters if len(set(each)) > 1), len(shortest))
    start = shortest.rfind(" ", 0, differing) + 1
    return [
        f"{'…' if start else ''}{message[start:]}"[:LONGEST] if message[start:] else ""
        for message in messages
    ]


def with_note(title: str, note: str) -> str:
    """The title with its note at the end, in TITLE_LENGTH characters."""
    room = TITLE_LENGTH - len(note) - len(" ()")
    return f"{title if len(title) <= room else title[: room - 1] + '…'} ({note})"
