"""On every page, what strangers wrote is in an element that holds nothing else, and never in a sentence of LoopKit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from diagnosis.display.visible_answers import FORM_VALUE
from tests.security.voice.canaries import CANARY, CanaryWorld
from tests.staff_clients import signed_in

VOID = {"meta", "link", "input", "img", "br", "hr", "path", "rect", "line", "progress"}


# The innermost element: one for a value, a cell, a link or a heading that is a name, or Django's name of a row.
OWN_ELEMENT = re.compile(
    r"(^| )((code|pre|dd|td|th|a|option|title|h1|h2)(\.[\w-]+)*|span\.(lk-text|tag|muted)|p\.(lk-title|message|quote)"
    r"|div\.(readonly|breadcrumbs))$"
    # Django's own question before it deletes a row, which staff alone see: it quotes the name of the row.
    r"|\.delete-confirmation .* p$"
)


class Texts(HTMLParser):
    """Each text of a page with its elements, as `tag.class`, outermost first."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.path: list[str] = []
        self.found: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            names = (dict(attrs).get("class") or "").split()
            self.path.append(".".join([tag, *names]))

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path.pop().partition(".")[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append((" ".join(self.path), data))


def spoken(html: str) -> list[str]:
    """The texts with a canary that are beside LoopKit's own in one element."""
    return [
        f"{path}: {data.strip()[:90]}"
        for path, data in Texts(html).found
        if CANARY.search(data) and not OWN_ELEMENT.search(path)
    ]


def test_strangers_have_elements_of_their_own_on_every_page(world: CanaryWorld) -> None:
    boss = signed_in(User.objects.get(username="boss"))
    browser = Client(headers={"Accept": "text/html"})
    assert browser.post("/dashboard/sign-in", {"agent_key": world.keys["agent"]}).status_code == 302

    answers = {url: (boss if url.startswith("/admin") else browser).get(url) for url in pages(world)}

    html = {
        url: answer.content.decode()
        for url, answer in answers.items()
        if answer.headers.get("Content-Type", "").startswith("text/html")
    }
    assert {url: found for url, page in html.items() if (found := spoken(page))} == {}
    assert sum(bool(CANARY.search(page)) for page in html.values()) > 30
    # Values of form fields are kept, so that saving a form changes nothing.
    shown = {url: FORM_VALUE.sub("", page) for url, page in html.items()}
    assert not [url for url, page in shown.items() if re.search("<b>x|\u202e|\u200b", page)]


@pytest.mark.parametrize(
    "text", ["<p>Fix zqxzq now</p>", "<li>in zqxzq</li>", "<div class='card'>a zqxzq</div>"]
)
def test_a_value_beside_words_of_loopkit_is_found(text: str) -> None:
    assert spoken(text)
    assert spoken("<p>Fix <code>zqxzq</code> now</p>") == []


def patterns(resolver: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The path and name of each URL of the resolver."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path, str(pattern.name)


OBJECTS = {
    "loop": "loop_id", "packet": "packet_id", "project": "project_id", "notice": "notice_id",
    "accessrequest": "access_request_id",
}  # fmt: skip


def pages(world: CanaryWorld) -> Iterator[str]:
    """The URL of each page of the dashboard and the admin, with the project's ids."""
    for path, name in patterns():
        if not path.startswith(("admin/", "dashboard")) or "(?P" in path or "content_type_id" in path:
            continue
        known = dict(world.ids)
        model = name.removeprefix("diagnosis_").removeprefix("tenants_").partition("_")[0]
        known["object_id"] = world.ids.get(OBJECTS.get(model, ""), "1")
        if model == "tenant":
            known["object_id"] = "sandbox"
        filled = "/" + "".join(
            quote(known.get(part.strip("<>").rpartition(":")[2], "1"), safe="")
            if part.startswith("<")
            else part
            for part in re.split(r"(<[^>]*>)", path)
        )
        yield filled
        if name == "dashboard-session":
            yield f"{filled}?session_id={quote(world.ids['session_id'], safe='')}"


def names_left(html: str) -> list[str]:
    """Names in texts of LoopKit in place of values, `{operation}`, `<more>`, but for what explains a form's field."""
    left = re.compile(r"\{[a-z_]+\}|(?<!/)<[a-z_]+>")  # `/v1/loops/<loop_id>` is the form of an address
    return sorted(
        {
            f"{path}: {data.strip()[:90]}"
            for path, data in Texts(html).found
            if left.search(data) and not re.search(r"lk-value|div\.help", path) and not CANARY.search(data)
        }
    )


def test_no_page_shows_a_name_in_place_of_a_value(world: CanaryWorld) -> None:
    boss = signed_in(User.objects.get(username="boss"))
    browser = Client(headers={"Accept": "text/html"})
    browser.post("/dashboard/sign-in", {"agent_key": world.keys["agent"]})

    answers = {url: (boss if url.startswith("/admin") else browser).get(url) for url in pages(world)}

    html = {
        url: answer.content.decode()
        for url, answer in answers.items()
        if answer.headers.get("Content-Type", "").startswith("text/html")
    }
    assert {url: found for url, page in html.items() if (found := names_left(page))} == {}
    assert any('<q class="lk-value">' in page for page in html.values())


@pytest.mark.parametrize(
    "text", ["<p>Fix {operation} now</p>", "<td>Compare {release}</td>", "<p>&lt;more&gt;</p>"]
)
def test_a_name_in_place_of_a_value_is_found(text: str) -> None:
    assert names_left(text)
    assert names_left("<p>Fix <q class='lk-value'><code>GET /users/{id}</code></q> now</p>") == []
