"""
Numbers, shares, durations and times formatted for people, as plain text; a dash stands for None.

Templates use Django's own filters where these do: `timesince`, `floatformat`, `pluralize`.
"""

from __future__ import annotations

from datetime import datetime

UNKNOWN = "–"
SECONDS = ((86_400, "d"), (3600, "h"), (60, "min"))
MAGNITUDES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # lowest number, divisor, unit


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
    """`12.5 %` for 0.125, with three significant digits."""
    return UNKNOWN if share is None else f"{share * 100:.3g} %"


def lasted(seconds: int | None) -> str:
    """A time span such as `3.1 d`, `5.2 h`, `12 min`, `40 s`."""
    if seconds is None:
        return UNKNOWN
    for size, unit in SECONDS:
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds} s"


def duration(milliseconds: float | None) -> str:
    """A duration such as `120 ms`, `1.2 s`, `3.5 min`."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 100:
        return f"{milliseconds:.1f} ms" if milliseconds >= 0.1 else "< 0.1 ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def to_the_minute(time: datetime | str | None) -> str:
    """A time as `2026-07-12 14:03`, in its own time zone (UTC in the store); "" for None; other text unchanged."""
    try:
        parsed = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return str(time)
    return f"{parsed:%Y-%m-%d %H:%M}" if parsed else ""
