"""
Numbers, shares, durations and times formatted for people, as plain text: the one form of each; a dash stands for None.

`2,807 records`, `33.3%`, `1.2 s`, `12 Jul 2026, 14:03 UTC`. In templates, Django writes numbers and times in the same
forms by itself (settings.USE_THOUSAND_SEPARATOR, loopkit/formats). JSON has numbers and RFC 3339 times instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

UNKNOWN = "–"
SECONDS = ((86_400, "d"), (3600, "h"), (60, "min"))
MAGNITUDES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # lowest number, divisor, unit
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LEAST_PERCENT = 0.001


def counted(number: int, noun: str) -> str:
    """`1 record`, `2,807 records`, `0 records`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def short_number(number: float) -> str:
    """`0.4`, `12`, `3,400`, `12 k`, `1.2 M`: a rounded number for lists."""
    if number < 10:
        return f"{number:.2g}" if number else "0"
    for least, divisor, unit in MAGNITUDES:
        if number >= least:
            scaled = number / divisor
            return f"{scaled:,.1f} {unit}" if scaled < 10 else f"{scaled:,.0f} {unit}"
    return f"{number:,.0f}"


def significant(number: float) -> str:
    """`4.61`, `1,240`: three significant digits; numbers of 100 or more as whole numbers."""
    return f"{number:,.3g}" if abs(number) < 100 else f"{number:,.0f}"


def percent(share: float | None) -> str:
    """`12.5%` for 0.125, with three significant digits."""
    if share is None:
        return UNKNOWN
    if 0 < share * 100 < LEAST_PERCENT:
        return f"< {LEAST_PERCENT:g}%"
    return f"{significant(share * 100)}%"


def lasted(seconds: int | None) -> str:
    """A time span such as `3.1 d`, `5.2 h`, `12 min`, `40 s`."""
    if seconds is None:
        return UNKNOWN
    for size, unit in SECONDS:
        if seconds >= size:
            return f"{seconds / size:,.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds} s"


def length_of_time(seconds: int) -> str:
    """`2 days 3 h`, `3 h 5 min`, `20 s`: the largest unit and the one below it, without what is 0."""
    parts = [
        (counted(seconds // 86_400, "day"), seconds // 86_400),
        (f"{seconds // 3600 % 24} h", seconds // 3600 % 24),
        (f"{seconds // 60 % 60} min", seconds // 60 % 60),
        (f"{seconds % 60} s", seconds % 60),
    ]
    largest = next((place for place, (_, number) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(text for text, number in parts[largest : largest + 2] if number) or "0 s"


def duration(milliseconds: float | None) -> str:
    """A duration such as `0 ms`, `120 ms`, `1.2 s`, `3.5 min`."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 100:
        return f"{milliseconds:.1f} ms" if milliseconds >= 0.1 else "< 0.1 ms" if milliseconds else "0 ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:,.1f} min"


def quantile_name(quantile: float) -> str:
    """`median`, `p75`, `p99.9`."""
    return "median" if quantile == 0.5 else f"p{quantile * 100:g}"


def exact_ms(milliseconds: float) -> str:
    """`930 ms`, `46.2 ms`, `0.412 ms`: three significant digits or more, always in milliseconds, without commas."""
    return f"{milliseconds:.{ms_decimals(milliseconds)}f} ms"


def ms_decimals(milliseconds: float) -> int:
    """The decimals with which a duration has three significant digits, down to the nanosecond."""
    return min(max(2 - math.floor(math.log10(milliseconds)), 0), 6) if milliseconds > 0 else 1


def approximate_duration(milliseconds: float, bounds: Sequence[float]) -> str:
    """`300 ms` where both bounds are equal, else `~341 ms (262 ms to 480 ms)`."""
    low, high = bounds
    if low == high:
        return duration(milliseconds)
    return f"~{duration(milliseconds)} ({duration(low)} to {duration(high)})"


def to_the_minute(time: datetime | str | None) -> str:
    """A time as `12 Jul 2026, 14:03 UTC`; "" for None; text that is no time unchanged."""
    return time_text(time, "%H:%M")


def to_the_second(time: datetime | str | None) -> str:
    """`12 Jul 2026, 14:03:05 UTC`, where events of one minute are compared; else as `to_the_minute`."""
    return time_text(time, "%H:%M:%S")


def time_text(time: datetime | str | None, clock: str) -> str:
    """The time in UTC, with the time of day in this form of strftime; "" for None; text that is no time unchanged."""
    try:
        parsed = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return str(time)
    if not parsed:
        return ""
    # Written here and not by Django's date_format, which takes thirty times as long: a packet has hundreds of times.
    utc = parsed.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year:04}, {utc:{clock}} UTC"
