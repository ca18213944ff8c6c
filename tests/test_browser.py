"""The pages in a real Chromium against the real server: with and without JavaScript, wide and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server import ROOT, Server
from tests.telemetry.factory import minutes, request, span

PHONE = {"width": 390, "height": 844}
CONTRAST = (ROOT / "tests/fixtures/contrast.js").read_text()
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of this machine."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "These tests need Chromium: install it, or name its path in CHROMIUM."
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        with closing(playwright.chromium.launch(executable_path=path, args=arguments)) as browser:
            yield browser


@dataclass
class Visit:
    """A page in a browser of its own, and all that its console and network complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """To a path of the server."""
        self.page.goto(path)

    def overflow(self) -> int:
        """Pixels that stick out to the right."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """`visit(viewport=PHONE, java_script_enabled=False)`: a fresh browser that listens for complaints."""
    contexts = []

    def begin(**options: Any) -> Visit:
        context = chromium.new_context(base_url=server.url, **{"viewport": WIDE, **options})
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("request", lambda sent: foreign(visit, server, sent.url))
        return visit

    yield begin
    for context in contexts:
        context.close()


def foreign(visit: Visit, server: Server, url: str) -> None:
    """Pages load nothing from other hosts."""
    if not url.startswith(server.url):
        visit.complaints.append(f"asked {url}")


def recover(visit: Visit, project: dict[str, Any]) -> str:
    """The new agent key, by the form."""
    visit.go("/dashboard")
    visit.page.get_by_label("Project id", exact=True).fill(project["project_id"])
    visit.page.get_by_label("Recovery code").fill(project["recovery_code"])
    visit.page.get_by_role("button", name="Recover keys").click()
    return visit.page.get_by_label("Agent key", exact=True).input_value()


def sign_in(visit: Visit, key: str) -> None:
    """By the form, from wherever the visit is."""
    visit.go("/dashboard")
    visit.page.get_by_label("Agent key", exact=True).fill(key)
    visit.page.get_by_role("button", name="Sign in").click()


def send_failure(server: Server, project: dict[str, Any]) -> None:
    """A span that fails with a long word in it, which no phone has room for."""
    failing = span("GET /" + "long" * 60, at=timezone.now() - minutes(1), error="boom " * 40 + "x" * 400)
    assert server.call("POST", "/v1/traces", project["producer_key"], request(failing)).status == 202


@pytest.mark.parametrize("scripts", [True, False])
def test_lost_keys_are_recovered_and_the_new_agent_key_signs_in(
    visit: Any, server: Server, scripts: bool
) -> None:
    project = server.provision(f"browser-{scripts}")
    seen = visit(java_script_enabled=scripts)

    key = recover(seen, project)
    assert key.startswith("lk_agent_")
    assert key != project["agent_key"]
    assert seen.page.get_by_role("button", name="Copy").count() == (3 if scripts else 0)
    seen.page.get_by_role("link", name="Sign in with the new agent key").click()
    sign_in(seen, key)

    assert seen.page.url == f"{server.url}/dashboard"
    assert seen.page.get_by_text(project["project_id"]).is_visible()
    assert seen.complaints == []


def test_the_copy_button_copies_the_key(visit: Any, server: Server) -> None:
    seen = visit(permissions=["clipboard-read", "clipboard-write"])
    key = recover(seen, server.provision("copied"))

    seen.page.get_by_role("button", name="Copy agent key").click()
    seen.page.get_by_text("Copied").first.wait_for()

    assert seen.page.evaluate("navigator.clipboard.readText()") == key


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_breaks_no_policy(visit: Any, server: Server, scheme: str) -> None:
    project = server.provision(f"phone-{scheme}")
    send_failure(server, project)
    seen = visit(viewport=PHONE, color_scheme=scheme)

    seen.go("/dashboard")
    widths = [seen.overflow()]
    sign_in(seen, project["agent_key"])
    seen.page.get_by_role("button", name="Diagnose this window").click()
    widths.append(seen.overflow())
    for link in ("a[href^='/dashboard/issues/']", "a[href^='/dashboard/records/']", "text=Its session"):
        seen.page.locator(link).first.click()
        widths.append(seen.overflow())
    seen.page.get_by_role("link", name="Sessions").first.click()
    widths.append(seen.overflow())

    assert seen.page.url.endswith("/dashboard/sessions")
    assert widths == [0] * 6
    assert seen.complaints == []


def test_the_keyboard_reaches_the_content_first(visit: Any) -> None:
    seen = visit()
    seen.go("/dashboard")

    seen.page.keyboard.press("Tab")
    assert seen.page.locator(":focus").inner_text() == "Skip to content"
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("Tab")

    assert seen.page.locator(":focus").get_attribute("name") == "agent_key"


def test_signing_out_shows_the_form_again(visit: Any, server: Server) -> None:
    project = server.provision("signed-out")
    seen = visit()
    sign_in(seen, project["agent_key"])

    seen.page.get_by_role("button", name="Sign out").click()

    assert seen.page.get_by_label("Agent key", exact=True).is_visible()
    assert seen.page.get_by_text(project["project_id"]).count() == 0


def test_an_unknown_path_is_a_page_for_people(visit: Any) -> None:
    seen = visit()

    seen.go("/nowhere")

    assert seen.page.get_by_role("heading", name="There is nothing here").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(visit: Any, server: Server, scheme: str) -> None:
    project = server.provision(f"contrast-{scheme}")
    send_failure(server, project)
    seen = visit(color_scheme=scheme)

    faint = []
    seen.go("/dashboard")
    faint += seen.page.evaluate(CONTRAST)
    sign_in(seen, project["agent_key"])
    seen.page.get_by_role("button", name="Diagnose this window").click()
    faint += seen.page.evaluate(CONTRAST)
    for link in ("a[href^='/dashboard/issues/']", "a[href^='/dashboard/records/']", "text=Its session"):
        seen.page.locator(link).first.click()
        faint += seen.page.evaluate(CONTRAST)

    assert faint == []
