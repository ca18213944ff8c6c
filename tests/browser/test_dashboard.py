"""The dashboard in a real Chromium against the real server: with and without JavaScript, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from tests.browser.browser_pages import PHONE, Visit, Visits
from tests.server import ROOT, Server
from tests.telemetry.factory import minutes, request, span

CONTRAST = (ROOT / "tests/fixtures/contrast.js").read_text()
WAYS = 4  # two schemes, two widths
WAY = {
    "dashboard": "button:has-text('Diagnose this window')",
    "issue": "a[href^='/dashboard/issues/']",
    "record": "a[href^='/dashboard/records/']",
    "trace": "text=Its trace",
    "the record again": "text=The record",
    "session": "text=Its session",
    "sessions": "a:has-text('Sessions')",
}


@dataclass(frozen=True, slots=True)
class Look:
    """One page in one scheme and width: what sticks out of the screen, and what is too faint on it."""

    page: str
    way: str
    overflow: int
    faint: list[str]


def looks(visit: Visit, page: str) -> Iterator[Look]:
    """The page that is open, in each scheme and width."""
    for way in visit.each_way():
        yield Look(page, way, visit.overflow(), visit.page.evaluate(CONTRAST))


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through every page, all that was seen on it, and where it ended."""

    looks: list[Look]
    complaints: list[str]
    end: str


@pytest.fixture(scope="module")
def walk(chromium: Browser, server: Server) -> Iterator[Walk]:
    """From signing in to the record of a failure and its session."""
    project = server.provision("walk")
    send_failure(server, project)
    with closing(Visits(chromium, server)) as visits:
        seen = visits(viewport=PHONE, reduced_motion="reduce")
        seen.go("/dashboard")
        found = [*looks(seen, "signed out")]
        sign_in(seen, project["agent_key"])
        for name, link in WAY.items():
            seen.follow(seen.page.locator(link).first)
            found += looks(seen, name)
        yield Walk(found, seen.complaints, seen.page.url)


def recover(visit: Visit, project: dict[str, Any]) -> str:
    """The new agent key, by the form."""
    visit.go("/dashboard")
    visit.page.get_by_label("Project id", exact=True).fill(project["project_id"])
    visit.page.get_by_label("Recovery code").fill(project["recovery_code"])
    visit.follow(visit.page.get_by_role("button", name="Recover keys"))
    return visit.page.get_by_label("Agent key", exact=True).input_value()


def sign_in(visit: Visit, key: str) -> None:
    """By the form, from wherever the visit is."""
    visit.go("/dashboard")
    visit.page.get_by_label("Agent key", exact=True).fill(key)
    visit.follow(visit.page.get_by_role("button", name="Sign in"))


def send_failure(server: Server, project: dict[str, Any]) -> None:
    """A span that fails with a long word in it, which no phone has room for."""
    failing = span("GET /" + "long" * 60, at=timezone.now() - minutes(1), error="boom " * 40 + "x" * 400)
    assert server.call("POST", "/v1/traces", project["producer_key"], request(failing)).status == 202


@pytest.mark.parametrize("scripts", [True, False])
def test_lost_keys_are_recovered_and_the_new_agent_key_signs_in(
    visit: Visits, server: Server, scripts: bool
) -> None:
    project = server.provision(f"browser-{scripts}")
    seen = visit(java_script_enabled=scripts)

    key = recover(seen, project)
    assert key.startswith("lk_agent_")
    assert key != project["agent_key"]
    assert seen.page.get_by_role("button", name="Copy").count() == (3 if scripts else 0)
    seen.follow(seen.page.get_by_role("link", name="Sign in with the new agent key"))
    sign_in(seen, key)

    assert seen.page.url == f"{server.url}/dashboard"
    assert seen.page.get_by_text(project["project_id"]).is_visible()
    assert seen.complaints == []


def test_the_copy_button_copies_the_key(visit: Visits, server: Server) -> None:
    seen = visit(permissions=["clipboard-read", "clipboard-write"])
    key = recover(seen, server.provision("copied"))

    seen.page.get_by_role("button", name="Copy agent key").click()
    seen.page.get_by_text("Copied").first.wait_for()

    assert seen.page.evaluate("navigator.clipboard.readText()") == key


def test_every_page_fits_a_phone(walk: Walk) -> None:
    assert walk.end.endswith("/dashboard/sessions")
    assert len(walk.looks) == WAYS * (1 + len(WAY))
    assert [look for look in walk.looks if look.overflow] == []


def test_every_text_has_enough_contrast(walk: Walk) -> None:
    assert [look for look in walk.looks if look.faint] == []


def test_no_page_breaks_the_policy(walk: Walk) -> None:
    assert walk.complaints == []


def test_the_keyboard_reaches_the_content_first(visit: Visits) -> None:
    seen = visit()
    seen.go("/dashboard")

    seen.page.keyboard.press("Tab")
    assert seen.page.locator(":focus").inner_text() == "Skip to content"
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("Tab")

    assert seen.page.locator(":focus").get_attribute("name") == "agent_key"


def test_signing_out_shows_the_form_again(visit: Visits, server: Server) -> None:
    project = server.provision("signed-out")
    seen = visit()
    sign_in(seen, project["agent_key"])

    seen.follow(seen.page.get_by_role("button", name="Sign out"))

    assert seen.page.get_by_label("Agent key", exact=True).is_visible()
    assert seen.page.get_by_text(project["project_id"]).count() == 0


def test_an_unknown_path_is_a_page_for_people(visit: Visits) -> None:
    seen = visit()

    seen.go("/nowhere")

    assert seen.page.get_by_role("heading", name="There is nothing here").is_visible()
