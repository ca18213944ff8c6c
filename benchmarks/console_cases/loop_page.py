"""One loop's page with a trace of 10,000 spans: as a tree, at its end, as a chain, and without any parent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.console_cases import world

if TYPE_CHECKING:
    from diagnosis.models import Loop

GOAL_MS = 300.0
SPANS, FAILING, BATCH = 10_000, 7_000, 1_000
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def cases() -> dict[str, Callable[[], object]]:
    """Each by its name."""
    return {
        "loop, 10,000 spans": asking("tree"),
        "loop, 10,000 spans, last page": asking("tree", "&row=9900"),
        "loop, 10,000 spans in a chain": asking("chain"),
        "loop, 10,000 spans, no parents": asking("orphans"),
    }


def asking(shape: str, query: str = "") -> Callable[[], object]:
    """A look at the loop."""
    opened, browser = loop(shape), world.person(0)
    record = opened.issue["evidence_ids"][0]
    path = f"/admin/diagnosis/loop/{opened.pk}/change/?record={record}{query}"
    return lambda: world.shown(browser.get(path))


@cache
def loop(shape: str) -> Loop:
    """A loop whose evidence is a span in the last third of such a trace."""
    from tenants.keys.provisioning import mint_project
    from tests.diagnosis.factory import make_loop
    from tests.telemetry.factory import record_id, store

    project = mint_project(shape, "", NOW, claim=False).project
    project.quota_spans = None
    project.save()
    spans = [made(shape, number) for number in range(SPANS)]
    for start in range(0, SPANS, BATCH):
        store(project, spans[start : start + BATCH], NOW)
    window = {"start": (NOW - timedelta(hours=23)).isoformat(), "end": (NOW + timedelta(hours=1)).isoformat()}
    found = make_loop(project, evidence_ids=[record_id(spans[FAILING])], now=NOW)
    found.packet.document |= {"window": window}
    found.packet.save()
    return found


def made(shape: str, number: int) -> dict[str, Any]:
    """One span: those of a tree have ten children, those of a chain one, orphans a parent that never came."""
    from tests.telemetry.factory import span

    parents = {
        "tree": number // 10 if number else None,
        "chain": number - 1 if number else None,
        "orphans": "never sent",
    }
    return span(
        f"step {number}",
        trace=shape,
        id=number,
        parent=parents[shape],
        at=NOW + timedelta(milliseconds=5 * number),
        duration_ms=40,
        error="boom" if number == FAILING else "",
        attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool {number % 7}"},
    )
