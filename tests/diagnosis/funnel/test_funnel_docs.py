"""docs/funnel.md says what the queue and the funnel do: weights, parameters, stages, its examples by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from diagnosis.console.queue import filters as queue_filter
from diagnosis.console.queue import narrow_list
from diagnosis.funnel.figures import funnel
from diagnosis.funnel.loop_lives import STAGES, STANDS_AT, LifeEvent, LoopLife, Period
from diagnosis.loops import urgency
from diagnosis.loops.urgency import SeenHarm
from diagnosis.models import Severity
from diagnosis.window import seen_failures
from diagnosis.window.seen_failures import SeenFailures
from tests import ROOT

PAGE = (ROOT / "docs" / "funnel.md").read_text()
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_weights_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (\w*) \| ([\d.]*) \| \| (\w+) \| ([\d.]+) \|$", PAGE, re.M)

    assert {name: float(weight) for name, weight, _, _ in rows if name} == {
        severity.label: weight for severity, weight in urgency.SEVERITY_WEIGHT.items()
    }
    assert {name: float(weight) for _, _, name, weight in rows} == urgency.TREND_WEIGHT
    assert f"failures + {urgency.A_PERSON} × people + tokens / {urgency.TOKENS:,}" in PAGE
    assert seen_failures.SEVEN_DAYS == 7 * 86_400 * 10**9
    assert f"the newest {seen_failures.MOST:,} failures" in PAGE


def test_the_urgency_by_hand_adds_up() -> None:
    harm = urgency.harm_of(SeenFailures(12, users=3, tokens=40_000))

    assert f"= {harm.harm:g}`" in PAGE
    assert f"**{urgency.urgency(harm, Severity.HIGH, 'rising'):g}**" in PAGE


def test_the_funnel_by_hand_adds_up() -> None:
    hours = {8: "", 9: "proposed", 12: "return", 15: "answered", 33: "approve", 39: "shipped", 87: "held"}
    events = [LifeEvent(MONDAY + timedelta(hours=hour), what) for hour, what in hours.items() if what]
    life = LoopLife("p", "held", MONDAY + timedelta(hours=8), events, SeenHarm(96, 0, 0, 0, 2 * 86_400))

    found = funnel([life], Period(MONDAY, MONDAY + timedelta(days=7)))

    taken = {stage.stage: (stage.from_first_seen_seconds or 0) // 3600 for stage in found.stages}
    assert f"**{found.waiting.failures}** failures" in PAGE
    assert f"decided it took {taken['decided']} hours, to verified {taken['verified']}." in PAGE


def test_every_stage_state_and_parameter_is_named() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", PAGE, re.M))
    filters = [
        one.parameter_name
        for one in vars(queue_filter).values()
        if isinstance(one, type) and issubclass(one, queue_filter.QueueFilter) and one.parameter_name
    ]

    assert {stage: set(rows[stage].split(", ")) for stage in STAGES} == {
        stage: {state.value for state, stood in STANDS_AT.items() if stood == stage} for stage in STAGES
    }
    assert [
        name for name in [*filters, *narrow_list.ORDERS, *queue_filter.AGES] if f"`{name}`" not in PAGE
    ] == []


def test_every_module_that_the_page_names_is_there() -> None:
    assert [name for name in re.findall(r"`(diagnosis/\w+\.py)`", PAGE) if not (ROOT / name).exists()] == []
