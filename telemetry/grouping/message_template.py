"""
Message templates: messages with placeholders for what varies between failures: numbers, ids, names, places, times.

Variable parts are recognized by their form alone, one message at a time, so that a text has the same template in every
process and order of arrival. Which forms there are depends on the version (first_message_forms.py, message_forms.py).

Messages come from outside, so each form takes linear time on any text: no repetition gives back what it has read to be
read again (https://docs.python.org/3/library/re.html#index-14), and where a form fails, the characters that it has read
are no beginning of another try, by what stands before it or because the group `rest` consumes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from telemetry.short_cache import ShortCache

# Two control characters that are not expected in a message, which is a single line.
PLACEHOLDER = "\x02"  # placeholder for a removed part; shown as `*`
LITERAL = "\x01"  # stands before a part that must stay
TEMPLATES_KEPT = 1024  # of one version; many failures say the same

Replacement = str | Callable[[re.Match[str]], str]


class Form(Protocol):
    """A form of variable parts: a pattern, or what is used as one is."""

    def sub(self, repl: Any, string: str, /) -> str:
        """Return the text with the replacement for each part of this form."""


class PlaceholderRule(NamedTuple):
    """
    A form of variable parts, and its replacement. Only messages are searched for it that have one of the `marks`, and
    one of the `words` in whatever case; with `fewest`, that have the only mark as often as that.
    """

    marks: tuple[str, ...]
    form: Form
    replacement: Replacement = PLACEHOLDER
    words: tuple[str, ...] = ()
    fewest: int = 1


def placeholder_rule(
    marks: str,
    form: str,
    replacement: Replacement = PLACEHOLDER,
    flags: int = 0,
    words: str = "",
    fewest: int = 1,
) -> PlaceholderRule:
    """Return the rule for a form. Its marks and words are separated by spaces; without any, all messages have them."""
    return PlaceholderRule(
        tuple(marks.split()) or ("",), re.compile(form, flags), replacement, tuple(words.split()), fewest
    )


def placeholder_or_rest(match: re.Match[str]) -> str:
    """Return PLACEHOLDER for the form, and unchanged what was only read: the group `rest`."""
    return match["rest"] or PLACEHOLDER


class MessageForms:
    """The forms of one version, applied one after the other, and the templates of the last short messages."""

    def __init__(self, rules: Iterable[PlaceholderRule]) -> None:
        self.rules = tuple(rules)
        self.template = ShortCache(self.applied, TEMPLATES_KEPT)

    def applied(self, message: str) -> str:
        """Return the message with `*` for each part that has one of the forms."""
        return applied_rules(message, self.rules)


def template_of(message: str, forms: MessageForms) -> str:
    """Return the message with `*` for each part that varies by these forms."""
    return forms.template(message)


def applied_rules(message: str, rules: Iterable[PlaceholderRule]) -> str:
    """Return the message with `*` for each part that varies by these rules, applied one after the other."""
    folded = message.lower()
    for marks, form, replacement, words, fewest in rules:
        for mark in marks:  # faster than any(...), which makes a generator for each rule
            if mark in message:
                break
        else:
            continue
        if fewest > 1 and message.count(marks[0]) < fewest:
            continue
        if not words or any(word in folded for word in words):
            message = form.sub(replacement, message)
    return message.strip().replace(PLACEHOLDER, "*")
