"""
A clock that jumped: between two looks of one process, and since the last thing that was written.

The wall clock is compared with CLOCK_BOOTTIME, which nobody sets and which goes on while the machine sleeps.
https://man7.org/linux/man-pages/man2/clock_gettime.2.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tenants.installation import facts
from tenants.models import AuditEntry

JUMP = timedelta(minutes=2)  # what a time server corrects at once on a machine that is cared for is far less
LONG_AWAY = timedelta(days=30)


def steady_seconds() -> float:
    """Seconds on a clock that never jumps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class ClockWatch:
    """What one process saw of the clock."""

    seen_at: datetime
    steady: float = field(default_factory=steady_seconds)

    def jump(self, now: datetime, steady: float) -> timedelta:
        """How far the clock went more than time did since the last look; zero below JUMP."""
        ahead = (now - self.seen_at) - timedelta(seconds=steady - self.steady)
        self.seen_at, self.steady = now, steady
        return ahead if abs(ahead) > JUMP else timedelta()


def beat(watch: ClockWatch, now: datetime) -> str:
    """Record that the server runs. Return a sentence about a jump of the clock since the last beat, or ""."""
    seen_at = watch.seen_at
    ahead = watch.jump(now, steady_seconds())
    last = facts.time_of(facts.known_facts(), facts.HEARTBEAT)
    if last is None or last < now:
        facts.remember(facts.HEARTBEAT, now.isoformat())
    if not ahead:
        return ""
    direction = "forwards" if ahead > timedelta() else "back"
    whole = timedelta(minutes=round(abs(ahead) / timedelta(minutes=1)))
    sentence = (
        f"The clock was set {direction} by {whole} between {seen_at:%d %b %H:%M} and {now:%d %b %H:%M} UTC."
    )
    facts.remember(facts.CLOCK_JUMP, sentence)
    return sentence


def clock_differences(known: dict[str, str], now: datetime) -> list[str]:
    """A sentence for each sign that the clock is wrong now or was wrong before."""
    newest_entry = AuditEntry.objects.values_list("at", flat=True).first()
    written = [at for at in (facts.time_of(known, facts.HEARTBEAT), newest_entry) if at]
    last = max(written, default=now)
    sentences = [known[facts.CLOCK_JUMP]] if facts.CLOCK_JUMP in known else []
    if last - now > JUMP:
        sentences.append(
            f"The clock is {last - now} behind the last thing that was written, at {last:%d %b %Y %H:%M} UTC."
        )
    if now - last > LONG_AWAY:
        sentences.append(
            f"Nothing was written for {(now - last).days} days, since {last:%d %b %Y %H:%M} UTC: "
            "the server was off, or the clock is ahead."
        )
    return sentences
