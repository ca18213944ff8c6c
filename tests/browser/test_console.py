"""The approval console in a real Chromium, by keyboard alone, with axe's look at each page in both schemes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from tests import shared_server
from tests.browser import shop_data
from tests.browser.browser_pages import Visit, Visits
from tests.browser.keyboard import Keyboard
from tests.server import Server

# Preloading style sheets would be axe's own breach of the policy; contrast is computed without.
AXE = "rules => axe.run(document, {resultTypes: ['violations'], preload: false, runOnly: rules ?? undefined})"
# Both widths and both schemes meet every rule; in the two other pairings only colours can be news.
COLOURS = ["color-contrast", "link-in-text-block"]
EVERY_RULE = ("light 1280", "dark 390")
REASON = "Read it without a mouse."
PAGES = ("sign-in", "front page", "queue", "loop", "bulk")


@dataclass
class Walk:
    """Everything that was seen on the way."""

    violations: list[str] = field(default_factory=list)
    overflows: list[str] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    first_stop: str = ""  # of the front page, behind its frame
    answers: list[str] = field(default_factory=list)
    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def look(self, visit: Visit, name: str) -> None:
        """What axe says of the page that is open, and what sticks out of it."""
        visit.page.evaluate(AXE_SCRIPT)
        for way in visit.each_way():
            place = f"{name}, {way}"
            self.looked_at.append(place)
            if visit.overflow():
                self.overflows.append(place)
            rules = None if way in EVERY_RULE else COLOURS
            told = visit.page.evaluate(AXE, rules)
            assert told["passes"], "axe looked at nothing"
            for found in told["violations"]:
                nodes = [node["html"][:150] for node in found["nodes"]]
                self.violations.append(f"{place}: {found['id']} {nodes}")


@pytest.fixture(scope="module")
def walk(chromium: Browser, server: Server, prepared: tuple[Path, str]) -> Walk:
    """From signing in to five decisions: approved, returned, rejected, and two rejected together."""
    project = shop_data.provision(server)
    walk = Walk()
    with closing(Visits(chromium, server)) as visits:
        visit = visits()
        keys = Keyboard(visit)
        sign_in(walk, keys, shared_server.password_in(prepared[1]))
        to_the_queue(walk, keys, project["project_id"])
        tools = list(shop_data.BROKEN)
        for verb, tool in zip(("Approve", "Return to the agent", "Reject"), tools, strict=False):
            decide(walk, keys, verb, tool)
            search(keys, project["project_id"])
        reject_together(walk, keys, tools[3:])
        walk.hidden, walk.complaints = keys.hidden, visit.complaints
    walk.states = states(server, project)
    return walk


def sign_in(walk: Walk, keys: Keyboard, password: str) -> None:
    """The cursor is where the name goes."""
    keys.visit.go("/admin/login/?next=/admin/")
    walk.look(keys.visit, "sign-in")
    keys.type("admin")
    keys.to("input", "Password")
    keys.type(password)
    keys.enter()


def to_the_queue(walk: Walk, keys: Keyboard, project_id: str) -> None:
    """Past the frame of the page to the badge, then to this project's loops by a filter and the search."""
    walk.look(keys.visit, "front page")
    keys.skip()
    walk.first_stop = keys.tab()["name"]
    keys.enter()
    keys.skip()
    keys.to("select", "Signal")
    keys.type("tool_call")
    search(keys, project_id)
    walk.look(keys.visit, "queue")


def search(keys: Keyboard, project_id: str) -> None:
    """This project's loops alone."""
    keys.skip()
    keys.to("input", "Search")
    keys.type(project_id)
    keys.enter()


def decide(walk: Walk, keys: Keyboard, verb: str, tool: str) -> None:
    """Open the loop of that tool and decide, with a reason."""
    keys.skip()
    keys.to("a", f"tool {tool}")
    keys.enter()
    if verb == "Approve":
        walk.look(keys.visit, "loop")
    keys.skip()
    keys.to("a", "Go to the decision")
    keys.press("Enter")
    keys.to("textarea", "Reason")
    keys.type(REASON)
    keys.to("button", verb)
    keys.enter()
    walk.answers.append(message(keys.visit))


def reject_together(walk: Walk, keys: Keyboard, tools: list[str]) -> None:
    """Choose the action, mark two loops with the space bar, and give one reason."""
    keys.skip()
    keys.to("select", "Action")
    keys.type("Reject")
    for _ in tools:
        keys.to("input", "Select this object")
        keys.press("Space")
    keys.enter()
    walk.look(keys.visit, "bulk")
    keys.to("textarea", "Reason")
    keys.type(REASON)
    keys.to("button", "Reject")
    keys.enter()
    walk.answers.append(message(keys.visit))


def message(visit: Visit) -> str:
    """What the console said last."""
    return visit.page.locator(".messagelist").inner_text()


def states(server: Server, project: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The state and the reason of each tool's loop, as the agent reads them."""
    loops = server.call("GET", "/v1/loops", project["agent_key"]).json()["loops"]
    return {loop["operation"]: (loop["state"], loop["decision"]["reason"]) for loop in loops}


def test_every_decision_can_be_made_without_a_mouse(walk: Walk) -> None:
    wanted = ["approved", "returned", "rejected", "rejected", "rejected"]

    assert walk.states == {
        f"tool {tool}": (state, REASON) for tool, state in zip(shop_data.BROKEN, wanted, strict=True)
    }
    assert [answer.split(":")[0] for answer in walk.answers] == ["Approved", "Returned", "Rejected", "Reject"]


def test_the_badge_is_the_first_stop_behind_the_frame(walk: Walk) -> None:
    assert "wait for approval" in walk.first_stop


def test_the_focus_can_be_seen_at_every_stop(walk: Walk) -> None:
    assert walk.hidden == []


def test_axe_finds_nothing(walk: Walk) -> None:
    assert len(walk.looked_at) == 4 * len(PAGES)
    assert not walk.violations, "\n".join(walk.violations)


def test_no_page_scrolls_sideways(walk: Walk) -> None:
    assert walk.overflows == []


def test_no_page_breaks_the_policy(walk: Walk) -> None:
    assert walk.complaints == []
