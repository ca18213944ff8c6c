"""The columns of the approval queue that are not fields of a loop, as functions for the Django admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.quantities import counted, length_of_time, short_number, to_the_minute
from diagnosis.loops import next_action
from diagnosis.models import Loop
from diagnosis.window.seen_failures import MOST

ENVIRONMENTS = 4  # that a row names


@admin.display(description="title")
def shown_title(loop: Loop) -> str:
    """The title, with hidden characters shown by their numbers."""
    return show_hidden(loop.title)


@admin.display(description="severity at worst")
def severity_badge(loop: Loop) -> str:
    """The worst severity since the loop was proposed, as a coloured badge."""
    label = loop.get_severity_display()
    return format_html('<span class="lk-badge lk-{}">{}</span>', label, label)


@admin.display(description="seen until now")
def costs(loop: Loop) -> str:
    """
    `30 failures, 9 users, 2.1 M tokens in 2 days 3 h`, without numbers that are 0 or unknown. Of very many failures
    only the newest are looked up: `at least 4,980 users`. Where production is named: `30 failures in production`.
    """
    people = counted(loop.users_seen, "user") if loop.users_seen else counted(loop.people_seen, "session")
    tokens = f"{short_number(loop.tokens_seen)} tokens"
    looked_up = [text for text, number in ((people, loop.people_seen), (tokens, loop.tokens_seen)) if number]
    if loop.failures_seen > MOST:
        looked_up = [f"at least {text}" for text in looked_up]
    counts = [counted(loop.failures_seen, "failure"), *looked_up]
    if loop.judged_by:
        counts[0] += " in production"
    return ", ".join(counts) + (f" in {length_of_time(loop.seen_seconds)}" if loop.seen_seconds else "")


@admin.display(description="environments")
def environments(loop: Loop) -> str:
    """`staging 40, production 1`: where the failure was seen, most failures first, ENVIRONMENTS at most."""
    rows = list(loop.environments.all())
    names = [f"{show_hidden(row.environment) or 'not named'} {row.failures:,}" for row in rows[:ENVIRONMENTS]]
    return ", ".join([*names, *([f"{len(rows) - ENVIRONMENTS} more"] if len(rows) > ENVIRONMENTS else [])])


@admin.display(description="urgency")
def urgency_shown(loop: Loop) -> str:
    """The urgency as a short number."""
    return short_number(loop.urgency)


@admin.display(description="state")
def state_shown(loop: Loop) -> str:
    """The state; of a fix that did not solve it, the verdict or why none can come; of a second fix, which one it is."""
    verdict = loop.verdict if loop.state == Loop.State.INCONCLUSIVE else ""
    if next_action.instead_of_waiting(loop):
        verdict = loop.get_way_on_display()
    attempt = f"attempt {loop.attempt}" if loop.attempt > 1 else ""
    facts = ", ".join(fact for fact in (verdict, attempt) if fact)
    return f"{loop.get_state_display()} ({facts})" if facts else loop.get_state_display()


@admin.display(description="last seen")
def last_seen(loop: Loop) -> str:
    """The time of the last failure, from the newest packet that shows the loop, and whether it is quiet since then."""
    is_quiet = (loop.quiet_since or {}).get("is_quiet")
    return f"{to_the_minute(loop.last_seen_at)}{', quiet since' if is_quiet else ''}"


@admin.display(description="waiting since")
def waiting_for_human_since(loop: Loop) -> str:
    """The time since when the loop waits for a human; "" if it does not wait."""
    return to_the_minute(loop.waiting_since)
