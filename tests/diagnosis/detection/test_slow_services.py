"""Which service is named when requests take longer, and when none is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnosis.detection.own_time import CalledOperation, Step, TimedStep, answering, time_steps
from diagnosis.detection.rules.latency import SlowerOperation, waiting_services, worst_of_each
from diagnosis.diagnose import diagnose
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.statistics.duration_tests import DurationSamples, z_score
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MS = 1_000_000


def step(name: str, service: str, start: int, duration: int, parent: str = "") -> Step:
    """One record of a trace; times in milliseconds."""
    return Step(
        b"t" * 16,
        name.encode(),
        parent.encode(),
        start * MS,
        duration * MS,
        service,
        name,
        "",
        "",
        "",
        "",
        0,
        0,
        0,
    )


def test_what_children_took_is_not_an_operations_own() -> None:
    steps = [step("a", "web", 0, 100), step("b", "web", 10, 30, "a"), step("c", "web", 20, 30, "a")]

    assert [(ran.place.operation, ran.own_ms) for ran in time_steps(steps)] == [
        ("a", 60.0),
        ("b", 30.0),
        ("c", 30.0),
    ]


def test_the_way_to_another_service_is_charged_to_it() -> None:
    steps = [step("call", "web", 0, 100), step("serve", "stock", 40, 20, "call")]

    ran = list(time_steps(steps))

    assert (ran[0].place, ran[0].own_ms) == (CalledOperation("stock", "serve", "web"), 80.0)


def test_a_call_whose_other_end_was_not_recorded_is_charged_as_its_namesakes_are() -> None:
    seen = [step("read", "web", 0, 100), step("serve", "stock", 40, 20, "read")]
    alone = [step("read", "cart", 0, 90)]

    [ran] = time_steps(alone, answering([seen, alone]))

    assert ran.place == CalledOperation("stock", "serve", "cart")


def test_a_name_that_two_services_answer_charges_neither() -> None:
    steps = [
        [step("GET", "web", 0, 100), step("serve", callee, 40, 20, "GET")] for callee in ("stock", "prices")
    ]

    assert answering(steps) == {}


def test_a_failed_child_took_its_time_from_its_parent() -> None:
    failed = replace(step("b", "web", 10, 70, "a"), fingerprint=7)

    [ran] = time_steps([step("a", "web", 0, 100), failed])

    assert (ran.place.operation, ran.own_ms) == ("a", 30.0)


def test_the_z_score_agrees_with_a_table_worked_by_hand() -> None:
    # U = 9 of 9, mean 4.5, variance 9 * 7 / 12 = 5.25
    assert round(z_score([1, 2, 3], [4, 5, 6]), 3) == round(4.5 / 5.25**0.5, 3)


def traffic(minute: int, slow_ms: int = 0, every: int = 1) -> dict[str, list[dict[str, Any]]]:
    """40 requests of one minute, by service: web calls stock, of which `every` so many take `slow_ms` more."""
    chance = random.Random(minute)
    found: dict[str, list[dict[str, Any]]] = {"web": [], "stock": []}
    for n in range(40):
        at, name, took = (
            NOW - timedelta(minutes=minute, seconds=-n),
            f"{minute}-{n}",
            chance.randrange(5, 15) + slow_ms * (n % every == 0),
        )
        a, b, c = f"{name}-a", f"{name}-b", f"{name}-c"
        found["web"] += [
            span("GET /", trace=name, at=at, id=a, duration_ms=took + 20),
            span("stock", trace=name, at=at, id=b, parent=a, duration_ms=took + 2),
        ]
        found["stock"] += [span("read", trace=name, at=at, id=c, parent=b, duration_ms=took)]
    return found


def issues(alice: MintedProject, *minutes: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What a diagnosis of the last two minutes finds, against the two before."""
    for minute in minutes:
        for service, spans in minute.items():
            store(alice.project, spans, NOW, {"service.name": service})
    return list(packet_as_answered(diagnose(alice.project, Window.ending(NOW, 2), NOW))["issues"])


def test_the_service_that_slowed_is_named_and_not_those_that_wait_for_it(alice: MintedProject) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, slow_ms=50))

    assert (issue["signal_type"], issue["service"], issue["operation"]) == ("latency", "stock", "read")
    assert (issue["trend"], len(issue["evidence"])) == ("rising", 5)


def test_all_of_its_records_are_paged_through(alice: MintedProject, call: Callable[..., Any]) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, slow_ms=50))

    pages = [call("GET", f"{issue['evidence_url']}&limit=30", alice.keys["agent"]).json()]
    while pages[-1]["next_cursor"]:
        further = f"{issue['evidence_url']}&limit=30&cursor={pages[-1]['next_cursor']}"
        pages.append(call("GET", further, alice.keys["agent"]).json())

    records = [record for page in pages for record in page["records"]]
    starts = [record["start_time"] for record in records]
    assert len({record["record_id"] for record in records}) == len(records) == issue["count"]
    assert {page["count"] for page in pages[:-1]} == {30}
    assert starts == sorted(starts, reverse=True)
    assert set(issue["evidence_ids"]) <= {record["record_id"] for record in records}


def test_the_evidence_of_no_cluster_is_empty(alice: MintedProject, call: Callable[..., Any]) -> None:
    answer = call("GET", "/v1/evidence?cluster_id=clu_0000000000000001", alice.keys["agent"])

    assert (answer.json()["records"], answer.json()["complete"]) == ([], True)


def test_the_same_durations_as_before_are_no_issue(alice: MintedProject) -> None:
    assert issues(alice, traffic(3), traffic(1)) == []


def test_a_tail_that_grows_while_the_median_stays_is_told(alice: MintedProject) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, slow_ms=90, every=3))

    assert (issue["service"], issue["operation"], issue["count"]) == ("stock", "read", 14)
    assert " as long as before: p75 " in issue["message"]


def test_a_few_slow_ones_are_no_tail(alice: MintedProject) -> None:
    assert issues(alice, traffic(3), traffic(1, slow_ms=90, every=20)) == []


def slower(service: str, before: float, now: float, runs: int = 20, name: str = "work") -> SlowerOperation:
    """An operation that took this long in each of so many traces, in milliseconds."""
    ran = [TimedStep(step(name, service, 0, 1), CalledOperation(service, name), now)] * runs
    return SlowerOperation(
        CalledOperation(service, name), DurationSamples([before] * runs, [now] * runs), ran
    )


def test_of_two_slow_services_the_one_that_the_other_calls_is_named() -> None:
    worst = [slower("stock", 5, 60), slower("web", 5, 50), slower("mail", 5, 40)]
    called = {"web": {"gateway"}, "gateway": {"stock"}, "stock": {"disk"}}

    assert waiting_services(worst, called) == {"web"}


def test_a_caller_that_slowed_more_than_what_it_calls_is_a_cause_of_its_own() -> None:
    assert waiting_services([slower("web", 5, 500), slower("stock", 5, 50)], {"web": {"stock"}}) == set()


def test_services_that_call_each_other_are_charged_to_the_slowest() -> None:
    called = {"web": {"stock"}, "stock": {"web"}}

    assert waiting_services([slower("web", 5, 500), slower("stock", 5, 50)], called) == {"stock"}


def test_the_operation_of_a_service_is_named_that_changed_most_though_it_is_rare() -> None:
    often, rare = slower("pay", 10, 14, runs=900, name="quote"), slower("pay", 5, 300, runs=5, name="charge")

    assert [operation.place.operation for operation in worst_of_each([often, rare])] == ["charge"]


def test_an_operation_that_loses_much_more_in_all_is_named_before_a_rare_one() -> None:
    often, rare = slower("pay", 10, 90, runs=900, name="quote"), slower("pay", 5, 60, runs=2, name="charge")

    assert [operation.place.operation for operation in worst_of_each([often, rare])] == ["quote"]
