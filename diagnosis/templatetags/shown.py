"""Template filters that show times, durations, shares and captured values to people, escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from diagnosis.display import event_facts, quantities, readable
from diagnosis.display.filled_sentences import filled_html
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.issues.counts_by_deployment import named_counts
from diagnosis.issues.hints import words
from diagnosis.issues.issue_words import sample_in_words, shared_in_words, since_in_words, trend_in_words
from loopkit.http.untrusted import WARNING

register = template.Library()
LONGEST = 20_000  # characters of a value on a page; the API has all of them
register.filter(quantities.duration)
register.filter(quantities.approximate_duration)
register.filter(quantities.lasted)
register.filter(event_facts.event_facts)
register.filter(sample_in_words)
register.filter(shared_in_words)
register.filter(named_counts)
register.filter(since_in_words)
register.filter(trend_in_words)
register.filter("hint_in_words", words.in_words)
register.filter(quantities.percent)
register.filter("short", quantities.short_number)


def parsed_time(value: str | datetime) -> datetime:
    """The datetime of an RFC 3339 text in an API answer; a datetime is returned as it is."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@register.filter
def at(value: str | datetime | None) -> str | SafeString:
    """`12 Jul 2026, 14:03 UTC`, with the exact time in the element's attribute."""
    return time_element(value, quantities.to_the_minute)


@register.filter
def at_second(value: str | datetime | None) -> str | SafeString:
    """`12 Jul 2026, 14:03:05 UTC`, where events of one minute are compared."""
    return time_element(value, quantities.to_the_second)


def time_element(value: str | datetime | None, shown: Callable[[datetime], str]) -> str | SafeString:
    """The time as an HTML element, or a dash for none."""
    if not value:
        return quantities.UNKNOWN
    time = parsed_time(value).astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', time.isoformat(), shown(time))


@register.filter
def ago(value: str | datetime | None) -> str | SafeString:
    """`3 hours ago`, with the exact time in the element's attributes."""
    if not value:
        return quantities.UNKNOWN
    time = parsed_time(value).astimezone(UTC)
    is_recent = datetime.now(UTC) - time < timedelta(minutes=1)
    text = "just now" if is_recent else f"{timesince(time, depth=1)} ago"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', time.isoformat(), quantities.to_the_second(time), text
    )


@register.filter
def pairs(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The names and values of a mapping. In a template, `.items` would look up a captured attribute of that name."""
    return list(value.items())


@register.filter
def of_unit(number: int, units: str) -> str:
    """`1 span`, `2,807 spans`: a count of the ledger, whose units are plural."""
    return quantities.counted(number, units.removesuffix("s"))


@register.simple_tag
def untrusted() -> str:
    """The word that telemetry is untrusted."""
    return WARNING


@register.simple_tag
def sentence(holder: Mapping[str, Any], name: str) -> SafeString:
    """A sentence of an API answer, with the values from telemetry for which its placeholders stand."""
    return filled_html(holder.get(name) or "", holder)


@register.filter
def fact_text(value: Any) -> str:
    """The text of a fact; a sentence that is filled already stays as it is."""
    return value if isinstance(value, SafeString) else visible(value)


@register.filter
def pretty(value: Any) -> str:
    """The text, or other values as indented JSON, with hidden characters shown, cut after LONGEST characters."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    start = show_hidden(text[:LONGEST])
    if len(text) <= LONGEST:
        return start
    return f"{start}\n… {len(text) - LONGEST:,} more characters; the API has them all."


@register.filter
def visible(value: Any) -> str:
    """The text, cut to a readable length, with hidden characters shown by their number; "" for None."""
    return "" if value is None else readable.readable_text(value)
