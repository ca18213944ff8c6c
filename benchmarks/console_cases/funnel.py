"""The funnel of 10,000 loops in the admin: of all tenants, of one, of one project, and what a member of one sees."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.console_cases import world

GOAL_MS = 1000.0  # set here: a page that is looked at once a week


def cases() -> dict[str, Callable[[], object]]:
    """Each by its name."""
    return {
        "funnel, all tenants": asking(""),
        "funnel, all tenants, a year": asking("since_minutes=525600"),
        "funnel, one tenant": asking("tenant=tenant-03"),
        "funnel, one project": asking("project=project-003-00000000"),
        "funnel, one tenant's member": asking("", member_of=1),
    }


def asking(query: str, member_of: int = 0) -> Callable[[], object]:
    """A look at the funnel."""
    world.build()
    browser = world.person(member_of)
    return lambda: world.shown(browser.get(f"/admin/funnel/?{query}"))
