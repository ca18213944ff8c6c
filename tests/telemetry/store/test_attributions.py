"""Who is charged is kept up to date while spans arrive, and is the same whatever order they came in."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from importlib import import_module
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from telemetry import normalise, regrouping
from telemetry.grouping.versions import NEWEST
from telemetry.models import Attribution, DayRollup, HourRollup, Record, Rollup
from telemetry.store import attributions
from telemetry.store.transactions import atomic
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import minutes, span, span_id, store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROOT = span("root", id="root", at=NOW, error="what it called failed")
STEP = span("step", id="step", parent="root", at=NOW)
TOOL = span("tool", id="tool", parent="step", at=NOW, error="order 7 not found")
NAMED = span("named", id="named", parent="root", at=NOW, attributes={"session.id": "chat", "user.id": "ann"})


def told(project: Project) -> list[tuple[str, bool]]:
    """Each failing span, and whether it is downstream, by name."""
    names = {span_id(name): name for name in ("root", "step", "tool", "named")}
    with bind(project):
        rows = Attribution.objects.values_list("span_id", "is_downstream")
        return sorted((names[bytes(span).hex()], is_downstream) for span, is_downstream in rows)


def everything() -> list[dict[str, Any]]:
    """All charges, hours and days of the bound project."""
    tables = (Attribution, HourRollup, DayRollup)
    return [row for table in tables for row in table._default_manager.order_by("pk").values()]


def test_an_innermost_failure_becomes_downstream_when_a_failure_inside_it_arrives(
    alice: MintedProject,
) -> None:
    store(alice.project, [ROOT, STEP], NOW)
    before = told(alice.project)
    store(alice.project, [TOOL], NOW)

    assert before == [("root", False)]
    assert told(alice.project) == [("root", True), ("tool", False)]


def test_a_healthy_span_that_arrives_last_tells_who_repeats_whom(alice: MintedProject) -> None:
    store(alice.project, [ROOT, TOOL], NOW)
    before = told(alice.project)
    store(alice.project, [STEP], NOW)

    assert before == [("root", False), ("tool", False)]
    assert told(alice.project) == [("root", True), ("tool", False)]


def test_any_order_of_a_trace_gives_the_same_charges(make_project: Any) -> None:
    found = []
    for order in list(permutations([ROOT, STEP, TOOL, NAMED]))[::3]:
        project = make_project("same").project
        for one in order:
            store(project, [one], NOW)
        with bind(project):
            found.append(everything())

    assert all(rows == found[0] for rows in found)
    assert {row["session_key"] for row in found[0] if "session_key" in row} == {attributions.text_key("chat")}
    assert {row["user_key"] for row in found[0] if "user_key" in row} == {attributions.text_key("ann")}


def test_in_a_trace_that_runs_away_each_failure_is_charged(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributions, "MOST_RECORDS", 2)
    store(alice.project, [ROOT, TOOL], NOW)
    store(alice.project, [STEP], NOW)

    assert told(alice.project) == [("root", False), ("tool", False)]


def test_a_trace_that_ran_away_is_not_read_again(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributions, "MOST_FAILURES", 2)
    for number in range(3):
        store(alice.project, [failing_span(number)], NOW)
    monkeypatch.setattr(
        attributions,
        "replace_attributions",
        lambda traces, rules: pytest.fail("read again") if list(traces) else (),
    )

    store(alice.project, [failing_span(3), failing_span(4)], NOW)

    with bind(alice.project):
        assert list(Attribution.objects.values_list("is_downstream", flat=True)) == [False] * 5


def failing_span(number: int) -> dict[str, Any]:
    """A failing span around the one before it, in one trace."""
    return span(f"step {number}", id=number, parent=number + 1, at=NOW, error="lost")


def traffic() -> list[dict[str, Any]]:
    """Some traces over three days, a third of which fail."""
    chance = random.Random(3)
    return [
        span(
            name, id=f"{number} {name}", trace=number, at=NOW - minutes(number * 90),
            parent=parent and f"{number} {parent}", error="lost" if chance.random() < 0.3 else "",
            duration_ms=chance.uniform(1, 1000), attributes={"session.id": f"chat-{number // 3}"},
        )
        for number in range(48) for name, parent in (("root", None), ("step", "root"), ("tool", "step"))
    ]  # fmt: skip


def test_hours_and_days_hold_what_their_minutes_do(alice: MintedProject) -> None:
    store(alice.project, traffic(), NOW)

    with bind(alice.project):
        for table, size in ((HourRollup, 60), (DayRollup, 1440)):
            summed: Counter[tuple[Any, ...]] = Counter()
            for minute, *key, count in Rollup.objects.values_list(
                "minute", "service", "operation", "fingerprint", "duration_bucket", "count"
            ):
                summed[minute - minute % size, *key] += count
            assert summed == {row.pk: row.count for row in table._default_manager.all()}


def test_an_older_file_is_given_what_ingest_would_have_written(alice: MintedProject) -> None:
    migration = import_module("telemetry.migrations.0003_charges")
    store(alice.project, traffic(), NOW)
    with bind(alice.project):
        written = everything()
        for table in (Attribution, HourRollup, DayRollup):
            table._default_manager.all().delete()
        connection = connections[bound_alias()]
        editor = SimpleNamespace(
            connection=connection, execute=lambda sql, _: connection.cursor().execute(sql, None)
        )

        later = "ALTER TABLE telemetry_attribution RENAME COLUMN is_downstream TO is_echo"
        editor.execute(later, None)
        editor.execute("ALTER TABLE telemetry_attribution RENAME TO telemetry_charge", None)
        migration.sum_up(None, editor)
        migration.charge(None, editor)
        editor.execute("ALTER TABLE telemetry_charge RENAME TO telemetry_attribution", None)
        editor.execute("ALTER TABLE telemetry_attribution RENAME COLUMN is_echo TO is_downstream", None)

        assert everything() == written


def test_charges_and_counts_follow_when_fingerprints_are_switched(
    make_project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, switched = make_project("known").project, make_project("switched").project
    for project, flipped in ((switched, 0), (known, 1)):
        with monkeypatch.context() as patched:
            told = normalise.fingerprint
            patched.setattr(normalise, "fingerprint", lambda *facts, told=told, by=flipped: told(*facts) ^ by)
            store(project, traffic(), NOW)
    with bind(known):
        expected = everything()
    with bind(switched):
        rows = list(Record.objects.filter(fingerprint__isnull=False))
        monkeypatch.setattr(regrouping, "regrouped", lambda rows, _: [row.fingerprint ^ 1 for row in rows])
        with atomic():
            regrouping.rewrite(rows, NEWEST)

        assert everything() == expected


def told_chat(name: str, number: int) -> dict[str, Any]:
    """A call of a model that was told of a tool's failure."""
    messages = json.dumps([{"role": "tool", "tool_call_id": "1", "content": "Error: order 7 was not found"}])
    about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.input.messages": messages}
    return span(name, id=name, trace="run", at=NOW + minutes(number), attributes=about)


def failing_tool() -> dict[str, Any]:
    """The call of the tool that failed."""
    about = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
    return span("lookup", id="lookup", trace="run", at=NOW, attributes=about, error="order 7 was not found")


def charged_operations(project: Project) -> list[str]:
    """The operations that are charged."""
    with bind(project):
        return sorted(Attribution.objects.filter(is_downstream=False).values_list("operation", flat=True))


def test_a_failure_that_only_a_models_input_holds_is_charged_there_once(alice: MintedProject) -> None:
    store(alice.project, [told_chat("one", 1)], NOW)
    store(alice.project, [told_chat("two", 2)], NOW)

    with bind(alice.project):
        assert list(Attribution.objects.values_list("span_id", flat=True).filter(is_downstream=False)) == [
            bytes.fromhex(span_id("one"))
        ]


def test_a_failure_that_the_tool_recorded_is_charged_to_the_tool_alone_in_any_order(
    make_project: Any,
) -> None:
    for order in permutations([failing_tool(), told_chat("one", 1), told_chat("two", 2)]):
        project = make_project("told").project
        for each in order:
            store(project, [each], NOW)

        assert charged_operations(project) == ["tool lookup"]


def test_a_model_call_is_a_good_one_if_the_tool_that_it_was_told_of_is_recorded(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(), told_chat("one", 1)], NOW)
    store(alice.project, [told_chat("two", 2)], NOW)

    with bind(alice.project):
        assert list(Record.objects.exclude(signal_type="").values_list("operation", flat=True)) == [
            "tool lookup"
        ]
