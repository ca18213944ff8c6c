"""On every page, what a key wrote is in a part that says who wrote it, and that it is untrusted."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide, page_of, text
from tests.security.approvals.failing_shop import diagnose, send_orders
from tests.security.voice.canaries import CANARY, CanaryWorld
from tests.security.voice.test_pages import VOID, pages
from tests.staff_clients import signed_in

AGENT = frozenset(
    ["zqurlzq", "zqnotezq", "zqshippedzq", "zqshipnotezq", "zqranzq", "zqdetailzq", "zqanswerzq"]
)
# Not of a key: whoever signs up, or asks for access, in the admin's own lists.
PEOPLE = frozenset(["zqprojectzq", "zqaskerzq", "zqrequestzq"])


# Django's own pages about one row, which staff alone see: they quote the name of the row.
OF_ROWS = re.compile(r"^/admin/$|/history/$|^/admin/diagnosis/notice/\d+/change/$")


class Parts(HTMLParser):
    """Each text of a page but its title, with its nearest label, and whether it is a value beside a sentence."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[
            tuple[str, list[str], list[str]]
        ] = []  # tag, classes, labels that stand directly in it
        self.found: list[tuple[str, str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append((tag, (dict(attrs).get("class") or "").split(), []))

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        label_at = next((depth for depth, part in enumerate(self.open) if "lk-label" in part[1]), 0)
        if label_at:
            self.open[label_at - 1][2].append(data)
        elif data.strip() and not any(tag == "title" for tag, _, _ in self.open):
            labels = [labels[-1] for _, _, labels in self.open if labels]
            is_apart = any("lk-value" in classes for _, classes, _ in self.open)
            self.found.append((data, labels[-1] if labels else "", is_apart))


def says_who(label: str, canary: str, is_apart: bool) -> bool:
    """Whether the label says who wrote the text with this canary, and that it is untrusted."""
    if canary in AGENT:
        return "untrusted" in label and "coding agent" in label
    return "untrusted" in label and "elemetry" in label and (is_apart or "Written by LoopKit" not in label)


def unmarked(html: str) -> list[str]:
    """The texts with a canary whose part does not name who wrote them, or does not call them untrusted."""
    return sorted(
        {
            f"{label[:60]!r}: {canary} in {data.strip()[:60]!r}"
            for data, label, is_apart in Parts(html).found
            for canary in set(map(str.lower, CANARY.findall(data))) - PEOPLE
            if not says_who(label, canary, is_apart)
        }
    )


def test_what_keys_wrote_is_in_marked_parts_on_every_page(world: CanaryWorld) -> None:
    boss = signed_in(User.objects.get(username="boss"))
    browser = Client(headers={"Accept": "text/html"})
    browser.post("/dashboard/sign-in", {"agent_key": world.keys["agent"]})

    urls = [url for url in pages(world) if not OF_ROWS.search(url)]
    answers = {url: (boss if url.startswith("/admin") else browser).get(url) for url in urls}

    html = {
        url: answer.content.decode()
        for url, answer in answers.items()
        if "text/html" in answer.headers.get("Content-Type", "")
    }
    assert {url: found for url, page in html.items() if (found := unmarked(page))} == {}
    assert {canary for canary in AGENT if any(canary in page for page in html.values())} >= AGENT - {
        "zqanswerzq"
    }


def test_the_answer_and_the_runs_of_an_agent_are_its_own_words(
    world: CanaryWorld, alice: MintedProject, call: Any
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    loop, boss, agent = (
        Loop.objects.get(project=alice.project),
        signed_in(User.objects.get(username="boss")),
        alice.keys["agent"],
    )
    decide(boss, loop, "return", "Which region?")
    run = {
        "eval_id": loop.issue["eval_candidate"],
        "passed": True,
        "release": "zqranzq",
        "detail": "zqdetailzq",
    }
    call("POST", "/v1/evals", agent, run)
    call("POST", f"/v1/loops/{loop.pk}/events", agent, {"kind": "answered", "note": "zqanswerzq"})

    page = text(boss.get(page_of(loop)))

    said = {canary for data, label, _ in Parts(page).found for canary in CANARY.findall(data)}
    assert said == {"zqranzq", "zqdetailzq", "zqanswerzq"}
    assert unmarked(page) == []
    assert "zqdetailzq" not in page[page.index('id="proposal"') : page.index('id="agent"')]
    assert "it said “passed”" in page


@pytest.mark.parametrize(
    ("html", "finds"),
    [
        ("<div><p>zqdetailzq</p></div>", True),
        ("<div><p class='lk-label'>By the coding agent, untrusted.</p><p>zqdetailzq</p></div>", False),
        (
            "<div><p class='lk-label'>Written by LoopKit; telemetry, untrusted.</p><p>zqdetailzq</p></div>",
            True,
        ),
        ("<div><p class='lk-label'>Written by LoopKit; telemetry, untrusted.</p><p>zqtoolzq</p></div>", True),
        ("<div><p class='lk-label'>Telemetry is untrusted.</p></div><div>zqtoolzq</div>", True),
        ("<div><p class='lk-label'>Telemetry is untrusted.</p><svg><rect></rect></svg>zqtoolzq</div>", False),
    ],
)
def test_a_part_without_its_mark_is_found(html: str, finds: bool) -> None:
    assert bool(unmarked(html)) is finds
