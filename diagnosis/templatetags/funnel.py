"""Times and numbers of the funnel as people read them."""

from __future__ import annotations

from django import template

from diagnosis.queue_columns import short

register = template.Library()
register.filter(short)
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


@register.filter
def lasted(seconds: int | None) -> str:
    """`3.1 d`, `5.2 h`, `12 min`, `40 s`; a dash for what has not been."""
    if seconds is None:
        return "–"
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds} s"
