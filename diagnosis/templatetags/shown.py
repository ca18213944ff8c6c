"""Times, durations, shares and captured values as people read them; what was captured comes out escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from diagnosis.display import quantities, readable
from diagnosis.display.hidden_characters import show_hidden

register = template.Library()
LONGEST = 20_000  # characters; a page with megabytes in it helps nobody, and the API has the whole
register.filter(quantities.duration)
register.filter(quantities.lasted)
register.filter(quantities.percent)
register.filter("short", quantities.short_number)


def parsed_time(value: str | datetime) -> datetime:
    """The time that an answer's RFC 3339 text says."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@register.filter
def at(value: str | datetime | None) -> str | SafeString:
    """`12 Jul 2026, 14:03:05`, in UTC."""
    if not value:
        return "–"
    when = parsed_time(value).astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>', when.isoformat(), f"{when.day} {when:%b %Y, %H:%M:%S}"
    )


@register.filter
def ago(value: str | datetime | None) -> str | SafeString:
    """`3 hours ago`; the exact time stands in the element."""
    if not value:
        return "–"
    when = parsed_time(value).astimezone(UTC)
    is_recent = datetime.now(UTC) - when < timedelta(minutes=1)
    text = "just now" if is_recent else f"{timesince(when, depth=1)} ago"
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', when.isoformat(), f"{when:%F %T}", text
    )


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
