"""The project's page names the environments of issues and loops, and shows those of one environment."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from diagnosis.diagnose import diagnose
from diagnosis.models import Loop, LoopEnvironment
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import NOW, TEN_MINUTES_AGO, browser_of
from tests.shown_counts import words
from tests.telemetry.factory import span, store

ODD = "stag&ing <b>"


def send(minted: MintedProject, name: str, environment: str, failing: int, ok: int = 0) -> None:
    """So many calls that fail, and that do not, in this environment."""
    spans = [
        span(name, trace=f"{name}{environment}{n}", at=TEN_MINUTES_AGO + timedelta(seconds=n),
             error=f"no {name}" if n < failing else "")
        for n in range(failing + ok)
    ]  # fmt: skip
    store(minted.project, spans, NOW, {"service.name": "shop", "deployment.environment.name": environment})


def test_the_numbers_of_a_decided_loop_stay_together(alice: MintedProject) -> None:
    send(alice, "bill", "staging", 4)
    diagnose(alice.project, Window.ending(NOW, 60), NOW)
    Loop.objects.update(state=Loop.State.HELD)
    decided = list(LoopEnvironment.objects.values_list("environment", "failures"))

    send(alice, "bill", "production", 9)
    diagnose(alice.project, Window.ending(NOW, 60), NOW)
    held = list(LoopEnvironment.objects.values_list("environment", "failures"))
    Loop.objects.update(state=Loop.State.REGRESSED)
    send(alice, "bill", "canary", 1)
    diagnose(alice.project, Window.ending(NOW, 60), NOW)

    assert held == decided == [("staging", 4)]
    found = set(LoopEnvironment.objects.values_list("environment", "failures"))
    assert found == {("staging", 4), ("production", 9), ("canary", 1)}
    assert Loop.objects.get().failures == 14


@pytest.fixture
def browser(alice: MintedProject) -> Client:
    """Alice's browser, after a diagnosis of two failures: one in two environments, one in one."""
    send(alice, "bill", ODD, 40, 2)
    send(alice, "bill", "production", 1, 9)
    send(alice, "pack", ODD, 2)
    diagnose(alice.project, Window.ending(NOW, 60), NOW)
    return browser_of(alice)


def listed(browser: Client, **query: str) -> set[str]:
    """The operations of the issues or loops that the page links to."""
    page = browser.get("/dashboard", query).content.decode()
    return {loop.operation for loop in Loop.objects.all() if f"/dashboard/issues/{loop.cluster_id}" in page}


def test_each_issue_has_its_counts_by_environment(browser: Client) -> None:
    page = unescape(words(browser.get("/dashboard")))

    assert f"By environment: {ODD} : 40 of 42, production : 1 of 10" in page
    assert f"By environment: {ODD} : 2 of 2 " in page


def test_loops_that_moved_have_theirs_and_are_filtered_too(browser: Client) -> None:
    Loop.objects.update(state=Loop.State.HELD)
    bill = Loop.objects.get(operation="bill")
    LoopEnvironment.objects.bulk_create(
        LoopEnvironment(loop=bill, environment=f"e{n}", failures=0) for n in range(3)
    )

    page = unescape(words(browser.get("/dashboard")))

    assert f"Seen in {ODD} : 40, production : 1, e0 : 0, further environments: 2" in page
    assert listed(browser, environment="production") == {"bill"}


@pytest.mark.parametrize(
    ("environment", "operations"), [("", {"bill", "pack"}), ("production", {"bill"}), (ODD, {"bill", "pack"})]
)
def test_the_page_shows_what_was_seen_in_one_environment(
    browser: Client, environment: str, operations: set[str]
) -> None:
    assert listed(browser, environment=environment) == operations


@pytest.mark.parametrize("environment", ["Production", "<script>", "nul\0", "x" * 3000])
def test_an_unknown_environment_gives_an_empty_list_that_says_so(browser: Client, environment: str) -> None:
    answer = browser.get("/dashboard", {"environment": environment})

    assert listed(browser, environment=environment) == set()
    assert "No issue of this packet was seen in" in words(answer)
    assert "No loop was seen in" in words(answer)
    assert b"<script>" not in answer.content


def test_an_environment_of_an_earlier_packet_keeps_the_issue_in_its_list(
    browser: Client, alice: MintedProject
) -> None:
    later = NOW + timedelta(hours=2)
    spans = [span("bill", trace="later", at=later - timedelta(minutes=1), error="no bill")]
    store(alice.project, spans, later, {"service.name": "shop", "deployment.environment.name": ODD})
    diagnose(alice.project, Window.ending(later, 60), later)

    assert "bill" in listed(browser, environment="production")


def test_links_and_the_button_keep_the_environment(browser: Client) -> None:
    query = "environment=stag%26ing+%3Cb%3E"
    page = unescape(browser.get(f"/dashboard?{query}").content.decode())
    cluster_id = Loop.objects.get(operation="pack").cluster_id

    assert f'href="?since_minutes=60&{query}"' in page
    assert f'href="/dashboard/issues/{cluster_id}?{query}"' in page
    assert f'href="/dashboard?{query}"' in unescape(
        browser.get(f"/dashboard/issues/{cluster_id}?{query}").content.decode()
    )
    answer = browser.post("/dashboard/diagnose", {"since_minutes": "60", "environment": ODD})
    assert answer["Location"] == f"/dashboard?since_minutes=60&{query}"


def test_an_environment_of_another_project_is_no_choice(browser: Client, charlie: MintedProject) -> None:
    send(charlie, "bill", "secret-place", 3)
    diagnose(charlie.project, Window.ending(NOW, 60), NOW)

    assert "secret-place" not in browser.get("/dashboard").content.decode()
    assert listed(browser, environment="secret-place") == set()
