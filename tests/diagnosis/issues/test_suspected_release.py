"""A release is suspected when failures begin with its first traffic, and not when they only happen to run in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.issues.suspected_release import FirstFailures, HealthyRun, suspect
from diagnosis.packets import publishing
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACE = ("shop", "checkout")
FAILED = FirstFailures(frozenset({PLACE}), frozenset({"2.0"}), first_unix_nano=1_000, share=0.2)


def ran(release: str, *starts: int) -> list[HealthyRun]:
    """Healthy records of the operation."""
    return [HealthyRun(*PLACE, release, start) for start in starts]


def test_a_release_whose_first_traffic_fails_is_suspected() -> None:
    found = suspect(FAILED, [*ran("1.0", *range(0, 900, 20)), *ran("2.0", *range(990, 2_000, 20))])

    assert found is not None
    assert (found.release, found.older, found.since_unix_nano, found.healthy) == ("2.0", "1.0", 990, 45)
    assert "begin with its first traffic at 1 Jan 1970, 00:00:00 UTC" in found.reason.text
    assert found.reason.values == {"release": "2.0", "older_release": "1.0"}


@pytest.mark.parametrize(
    ("failures", "healthy"),
    [
        (FAILED, ran("2.0", *range(0, 2_000, 20))),  # nothing else ran
        (FAILED, [*ran("1.0", 0, 20), *ran("2.0", 990)]),  # the older one hardly ran
        (FAILED, [*ran("2.0", *range(0, 2_000, 20)), *ran("1.0", *range(100, 2_000, 20))]),  # it was first
        (FAILED, [*ran("1.0", *range(0, 90, 2)), *ran("2.0", *range(100, 2_000, 20))]),  # long healthy itself
        (replace(FAILED, releases=frozenset({"1.0", "2.0"})), ran("1.0", *range(90))),  # the older fails, too
        (replace(FAILED, releases=frozenset({""})), ran("1.0", *range(90))),  # nobody says
        (
            replace(FAILED, share=0.001),
            [*ran("1.0", *range(90)), *ran("2.0", *range(990, 1_080))],
        ),  # rare anyway
        (FAILED, [HealthyRun("shop", "search", "1.0", start) for start in range(90)]),  # other operations
    ],
)
def test_a_release_is_not_suspected_without_all_that_speaks_for_it(
    failures: FirstFailures, healthy: list[HealthyRun]
) -> None:
    assert suspect(failures, healthy) is None


def deployed(minted: MintedProject, fails_from: int) -> None:
    """An hour of release 1.0, then 50 minutes of 2.0, of which every third record fails from that minute on."""
    for minute in range(110):
        release, at = (
            ("1.0", NOW - minutes(110 - minute)) if minute < 60 else ("2.0", NOW - minutes(110 - minute))
        )
        fails = minute >= fails_from and minute % 3 == 0
        spans = [span("checkout", trace=f"t{minute}", at=at, error="no stock" if fails else "")]
        store(minted.project, spans, NOW, {"service.name": "shop", "service.version": release})


@pytest.fixture
def issue(alice: MintedProject) -> Callable[[], Any]:
    """The only issue of the last 55 minutes, once records are stored."""
    return lambda: publishing.packet_as_answered(diagnose(alice.project, Window.ending(NOW, 55), NOW))[
        "issues"
    ][0]


def test_the_packet_names_the_release_and_the_plan_compares_it(
    alice: MintedProject, issue: Callable[[], Any]
) -> None:
    deployed(alice, fails_from=60)

    found = issue()

    assert found["suspected_release"] == "2.0"
    releases = {"text": {"release": "2.0", "older_release": "1.0"}}
    assert (
        "looked at are of other releases, such as {older_release}, and show none of it"
        in found["suspected_release_reason"]
    )
    assert found["with"] == releases
    [step] = [step for step in found["patch_plan"]["steps"] if step["detail"].startswith("Compare release")]
    assert step["with"] == releases


def test_a_release_that_ran_well_for_long_is_not_named(
    alice: MintedProject, issue: Callable[[], Any]
) -> None:
    deployed(alice, fails_from=90)

    assert issue()["suspected_release"] is None


def requests(
    minted: MintedProject, first: int, durations_ms: list[int], release: str, stock: str = ""
) -> None:
    """
    A request every three seconds, from `first` minutes before NOW on, of web, which calls stock.

    Args:
        stock: its release, where it is not that of web, and fast: what takes long is then the way to it.
    """
    spans: dict[str, list[Any]] = {"web": [], "stock": []}
    for number, ms in enumerate(durations_ms):
        name, at = f"{release}-{first}-{number}", NOW - minutes(first) + minutes(number / 20)
        spans["web"].append(span("GET /", trace=name, id=f"{name}-a", at=at, duration_ms=ms + 9))
        spans["web"].append(
            span("call", trace=name, id=f"{name}-b", parent=f"{name}-a", at=at, duration_ms=ms + 1)
        )
        took = 5 if stock else ms
        spans["stock"].append(
            span("read", trace=name, id=f"{name}-c", parent=f"{name}-b", at=at, duration_ms=took)
        )
    for service, sent in spans.items():
        version = stock if stock and service == "stock" else release
        store(minted.project, sent, NOW, {"service.name": service, "service.version": version})


FAST, SLOW = [46, 47, 45] * 20, [930, 931, 929] * 20


@pytest.mark.parametrize(
    ("sent", "suspected"),
    [
        ([(50, FAST, "1.4"), (25, FAST[:12], "1.4"), (23, SLOW, "1.5")], "1.5"),
        ([(50, FAST, "7f3e"), (25, SLOW, "a901")], "a901"),  # deployed as the window began
        ([(50, FAST, "1.4"), (25, SLOW, "1.4")], None),  # no new release
        ([(50, FAST, "1.4"), (25, SLOW[:20], "1.4"), (20, SLOW, "1.5")], None),  # the older one is slow, too
        ([(50, FAST, "1.4"), (49, FAST, "1.5"), (24, SLOW, "1.5")], None),  # it ran long as fast as ever
        ([(50, FAST, ""), (25, SLOW, "1.5")], None),  # what ran before names none
    ],
)
def test_a_release_is_suspected_of_what_is_slow(
    alice: MintedProject, sent: list[tuple[int, list[int], str]], suspected: str | None
) -> None:
    for each in sent:
        requests(alice, *each)

    packet = publishing.packet_as_answered(diagnose(alice.project, Window.ending(NOW, 25), NOW))

    [found] = [issue for issue in packet["issues"] if issue["signal_type"] == "latency"]
    assert (found["service"], found["suspected_release"]) == ("stock", suspected)
    if suspected:
        assert found["with"]["text"]["release"] == suspected
        assert any("Compare release {release}" in step["detail"] for step in found["patch_plan"]["steps"])


def test_no_release_of_a_caller_is_suspected_of_slow_calls(alice: MintedProject) -> None:
    requests(alice, 50, FAST, "1.4", stock="88")
    requests(alice, 25, SLOW, "1.5", stock="88")

    packet = publishing.packet_as_answered(diagnose(alice.project, Window.ending(NOW, 25), NOW))

    [found] = [issue for issue in packet["issues"] if issue["signal_type"] == "latency"]
    assert (found["service"], found["suspected_release"]) == ("stock", None)
