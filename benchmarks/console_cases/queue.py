"""The approval queue of 10,000 loops: as it opens, searched, filtered, sorted, and for who sees one tenant of 20."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.console_cases import world

GOAL_MS = 200.0
PATH = "/admin/diagnosis/loop/"


def asking(query: str = "", member_of: int = 0) -> Callable[[], object]:
    """A look at the queue."""
    world.build()
    browser = world.person(member_of)
    return lambda: world.shown(browser.get(f"{PATH}?{query}"))


def cases() -> dict[str, Callable[[], object]]:
    """Each by its name."""
    return {
        "queue": asking(),
        "queue, last page": asking("p=120"),
        "queue, all states": asking("state=all"),
        "queue, searched": asking("state=all&q=lookup_49"),
        "queue, filtered": asking("tenant=tenant-03&severity=critical&signal=error&days=7&sort=waiting"),
        "queue, one tenant's member": asking(member_of=1),
        "queue, ten tenants' member": asking(member_of=10),
        "front page with its badge": front_page(),
    }


def front_page() -> Callable[[], object]:
    """A look at the admin's front page."""
    world.build()
    browser = world.person(0)
    return lambda: world.shown(browser.get("/admin/"))
