"""An issue says where it fails: failures and exposure by environment and by release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from diagnosis.diagnose import diagnose
from diagnosis.issues.counts_by_deployment import MOST, CountsByDeployment, deployments_in_words
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.window.deployments import Deployment
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def send(minted: MintedProject, environment: str, number: int, failing: int, release: str = "1.0") -> None:
    """So many calls in the environment, of which the first ones fail."""
    spans = [
        span(
            "pay",
            trace=f"{environment}{release}{count}",
            at=NOON - timedelta(minutes=10, seconds=count),
            error="no card" if count < failing else "",
        )
        for count in range(number)
    ]
    resource = {"service.name": "shop", "service.version": release}
    store(
        minted.project,
        spans,
        NOON,
        resource | ({"deployment.environment.name": environment} if environment else {}),
    )


def issue_of(minted: MintedProject) -> dict[str, Any]:
    """The one issue of the hour before noon."""
    [issue] = packet_as_answered(diagnose(minted.project, Window.ending(NOON, 60), NOON))["issues"]
    return dict(issue)


def test_forty_in_staging_and_one_in_production_are_told_as_that(alice: MintedProject) -> None:
    send(alice, "staging", 80, 40, "2.0")
    send(alice, "production", 300, 1)
    send(alice, "", 5, 0)

    issue = issue_of(alice)

    assert issue["count"] == 41
    assert issue["environments"] == [
        {"environment": "staging", "failures": 40, "exposure": 80},
        {"environment": "production", "failures": 1, "exposure": 300},
        {"environment": None, "failures": 0, "exposure": 5},
    ]
    assert issue["releases"] == [
        {"release": "2.0", "failures": 40, "exposure": 80},
        {"release": "1.0", "failures": 1, "exposure": 305},
    ]
    assert (
        deployments_in_words(issue, "environment")
        == "`staging` 40 of 80, `production` 1 of 300, not named 0 of 5"
    )


def test_what_a_list_leaves_out_is_counted() -> None:
    names = {Deployment(f"preview-{number}", ""): 100 - number for number in range(MOST + 3)}
    counts = CountsByDeployment(names, dict.fromkeys(names, 200))

    shown = counts.shown()

    assert [row["failures"] for row in shown["environments"]] == [100 - number for number in range(MOST)]
    rest = [100 - number for number in range(MOST, MOST + 3)]
    assert shown["further_environments"] == {"number": 3, "failures": sum(rest), "exposure": 600}
    assert deployments_in_words(shown, "environment").endswith(f"3 more {sum(rest)} of 600")
    assert shown["releases"] == [
        {"release": None, "failures": sum(names.values()), "exposure": 200 * len(names)}
    ]
    assert deployments_in_words(shown, "release") == ""


def test_what_the_rules_over_windows_found_has_no_exposure_by_environment() -> None:
    shown = CountsByDeployment({Deployment("staging", "1.0"): 3}, None).shown()

    assert shown["environments"] == [{"environment": "staging", "failures": 3, "exposure": None}]
    assert deployments_in_words(shown, "environment") == "`staging` 3"
