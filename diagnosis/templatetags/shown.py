"""Times, durations, shares and captured values as people read them; what was captured comes out escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from diagnosis import readable
from diagnosis.hidden_characters import show_hidden

register = template.Library()
LONGEST = 20_000  # characters; a page with megabytes in it helps nobody, and the API has the whole
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def moment_of(value: str | datetime) -> datetime:
    """The time that an answer's RFC 3339 text says."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@register.filter
def at(value: str | datetime | None) -> str | SafeString:
    """`12 Jul 2026, 14:03:05`, in UTC."""
    if not value:
        return "–"
    when = moment_of(value).astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>', when.isoformat(), f"{when.day} {when:%b %Y, %H:%M:%S}"
    )


@register.filter
def ago(value: str | datetime | None) -> str | SafeString:
    """`3 h ago`; the exact time stands in the element."""
    if not value:
        return "–"
    when = moment_of(value).astimezone(UTC)
    seconds = (datetime.now(UTC) - when).total_seconds()
    text = next((f"{seconds // size:.0f} {unit} ago" for size, unit in UNITS if seconds >= size), "just now")
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', when.isoformat(), f"{when:%F %T}", text
    )


@register.filter
def duration(milliseconds: float | None) -> str:
    """`120 ms`, `1.2 s`, `3.5 min`."""
    if milliseconds is None:
        return "–"
    if milliseconds < 100:
        return f"{milliseconds:.1f} ms" if milliseconds >= 0.1 else "< 0.1 ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


@register.filter
def percent(share: float | None) -> str:
    """`12.5 %` of 0.125."""
    return "–" if share is None else f"{share * 100:.3g} %"


@register.filter
def pairs(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values. `.items` in a template would find a captured attribute of that name."""
    return list(value.items())


@register.filter
def with_code(text: str) -> SafeString:
    """Words between backticks as code, all of it escaped, hidden characters by their number."""
    marks = ("{}", "<code>{}</code>")
    parts = re.split("`([^`]*)`", show_hidden(text))
    return format_html_join("", "{}", ((format_html(marks[i % 2], part),) for i, part in enumerate(parts)))


@register.filter
def pretty(value: Any) -> str:
    """Text with nothing hidden in it, anything else as indented JSON; the end of very long ones is cut."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    shown = show_hidden(text[:LONGEST])
    if len(text) <= LONGEST:
        return shown
    return f"{shown}\n… {len(text) - LONGEST} more characters; the API has them all."


@register.filter
def visible(value: Any) -> str:
    """The text, cut where nobody reads on, with hidden characters shown by their number. "" for None."""
    return "" if value is None else readable.text(value)
