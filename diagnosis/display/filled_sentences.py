"""
Sentences of LoopKit as HTML for people, with the values from telemetry in the places of their names.

Each value is an element of its own, quoted code, which no value can end: it is data in the sentence, and not the voice
of LoopKit. JSON keeps the template and has the values beside it (sentences.py), since nothing marks them in a text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from diagnosis.display import readable
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.sentences import PLACEHOLDER, values_of

VALUE = '<q class="lk-value"><code>{}</code></q>'
NOT_KNOWN = format_html("<em>{}</em>", "not known")


def filled_html(text: str, holder: Mapping[str, Any]) -> SafeString:
    """The sentence, escaped, with the values that stand beside it in the object that holds it."""
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in values_of(text, holder):
        values[name].append(value)
    parts = PLACEHOLDER.split(text)  # words and names by turns
    return format_html_join(
        "",
        "{}",
        ((values_html(values[part]) if place % 2 else with_code(part),) for place, part in enumerate(parts)),
    )


def values_html(values: Sequence[str]) -> SafeString:
    """The values of one name, quoted."""
    if not values:
        return NOT_KNOWN
    return format_html_join(", ", VALUE, ((readable.readable_text(value),) for value in values))


def with_code(text: str) -> SafeString:
    """The text, escaped, with words between backticks as code and hidden characters shown by their number."""
    marks = ("{}", "<code>{}</code>")
    parts = re.split("`([^`]*)`", show_hidden(text))
    return format_html_join("", "{}", ((format_html(marks[i % 2], part),) for i, part in enumerate(parts)))
