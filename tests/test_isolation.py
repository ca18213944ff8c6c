"""
With one project's keys, nothing of another is read, written or confirmed to exist: over every route there is.

The routes come from the URL configuration, so a new one is covered the day it is added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import serializers as dumps
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from diagnosis.models import EvalCandidate, EvalResult, Loop, LoopEvent, Notice, Packet
from diagnosis.notices import feed_keys
from telemetry.models import Record
from tenants.keys.provisioning import MintedProject
from tenants.models import Key, Project
from tenants.stores.binding import bind
from tests.staff_clients import home
from tests.telemetry.factory import minutes, span, store

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SECRET = "charlies-own-words"
PUBLIC = ("admin/", "v1/provision", "v1/signup", "v1/recover", "v1/access-requests", "static/")


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    """Every route as Django writes it."""
    for item in (resolver or get_resolver()).url_patterns:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        elif isinstance(item, URLPattern):
            yield route


ROUTES = sorted({route for route in patterns() if not route.startswith(PUBLIC)})


@pytest.fixture
def ids(charlie: MintedProject, call: Callable[..., Any]) -> dict[str, str]:
    """Charlie's telemetry, packet, loop and eval, by the names that routes give them."""
    now = timezone.now()
    failing = span(SECRET, trace=SECRET, at=now - minutes(5), error=SECRET, attributes={"session.id": SECRET})
    store(charlie.project, [failing], now)
    assert call("POST", "/v1/runs/diagnose", charlie.keys["agent"]).status_code == 200
    loop = Loop.objects.get(project=charlie.project)
    return {
        "packet_id": loop.packet_id,
        "loop_id": loop.loop_id,
        "eval_id": loop.issue["eval_candidate"],
        "cluster_id": loop.cluster_id,
        "record_id": loop.issue["evidence_ids"][0],
        "id": SECRET,
        "name": "loop",
    }


def filled(route: str, ids: dict[str, str]) -> str:
    """The path of a route, with charlie's ids in it."""
    for name, value in ids.items():
        for converter in ("str", "path", "slug"):
            route = route.replace(f"<{converter}:{name}>", value)
    assert "<" not in route, f"{route}: say in this test what stands there"
    return f"/{route}"


def queries(ids: dict[str, str]) -> list[str]:
    """Query strings that name charlie's things."""
    return ["", *(f"?{name}={ids[name]}" for name in ("record_id", "cluster_id")), f"?session_id={SECRET}"]


def attempts(ids: dict[str, str]) -> list[tuple[str, str, str]]:
    """(kind of key, method, query): the agent's key with everything, the others where they could matter."""
    return [
        *(("agent", method, "") for method in METHODS),
        *(("agent", "GET", query) for query in queries(ids)[1:]),
        *((kind, method, "") for kind in ("producer", "feedback", "feed") for method in ("GET", "POST")),
    ]


def bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that any writing route would take, with charlie's ids."""
    return {
        "loop_id": ids["loop_id"], "eval_id": ids["eval_id"], "passed": True, "kind": "answered",
        "project_id": "charlie", "rating": "down", "session_id": SECRET,
    }  # fmt: skip


def state() -> str:
    """Everything in the control database that could change for charlie, as text."""
    rows = [
        row
        for model in (Packet, Loop, LoopEvent, EvalCandidate, EvalResult, Notice, Project)
        for row in (model.objects.filter(**{path(model): "charlie"}))
    ]
    keys = Key.objects.filter(project__name="charlie").values_list("key_id", "revoked_at", "expires_at")
    return dumps.serialize("json", rows) + repr(sorted(keys))


def path(model: type) -> str:
    """How a model's rows lead to their project's name."""
    return {
        Project: "name",
        LoopEvent: "loop__project__name",
        EvalResult: "candidate__project__name",
    }.get(model, "project__name")


def test_the_url_configuration_is_not_empty() -> None:
    assert {"v1/traces", "v1/telemetry", "v1/loops/<slug:loop_id>/handoff", "dashboard"} <= set(ROUTES)


def test_no_route_shows_or_changes_what_is_anothers(
    make_project: Callable[..., MintedProject],
    charlie: MintedProject,
    ids: dict[str, str],
    call: Callable[..., Any],
) -> None:
    before, leaks = state(), []

    for number, route in enumerate(ROUTES):
        keys = with_feed(
            make_project("alice"), f"alice-{number}"
        )  # another one, or she reads her own feedback
        for kind, method, query in attempts(ids):
            answer = call(method, filled(route, ids) + query, keys[kind], bodies(ids))
            if not kept(answer, charlie) or not message_is_hidden(answer.content, route):
                leaks.append((route, kind, method, query, answer.status_code, answer.content))
        if state() != before:
            leaks.append((route, "changed what is charlie's"))

    assert leaks == []
    with bind(charlie.project):
        assert Record.objects.count() == 1


def with_feed(alice: MintedProject, tenant_id: str) -> dict[str, str]:
    """Her keys, and one for the feeds of a tenant of her own."""
    feed_key, _ = feed_keys.mint_feed_key(home(alice.project, tenant_id).tenant, "hers", timezone.now())
    return alice.keys | {"feed": feed_key}


def kept(answer: HttpResponse, owner: MintedProject) -> bool:
    """A real answer that does not name the owner's project."""
    return is_real(answer) and owner.project.project_id not in answer.content.decode(errors="replace")


def is_real(answer: HttpResponse) -> bool:
    """Neither an error of the server's nor a limit that so many requests ran into: those would hide everything."""
    return answer.status_code < 500 and answer.status_code != 429


def message_is_hidden(content: bytes, route: str) -> bool:
    """Charlie's words are nowhere, but where the caller's own id is repeated to say that there is no such thing."""
    text = content.decode(errors="replace")
    return text.count(SECRET) == (1 if f"session {SECRET}" in text and "<path:id>" in route else 0)


def test_what_is_anothers_and_what_does_not_exist_look_the_same(
    alice: MintedProject, ids: dict[str, str], call: Callable[..., Any]
) -> None:
    routes = [route for route in ROUTES if route.startswith("v1/") and "<" in route]
    nowhere = dict.fromkeys(ids, "nowhere")

    anothers, nothing = (
        {route: refusal(call("GET", filled(route, names), alice.keys["agent"])) for route in routes}
        for names in (ids, nowhere)
    )

    assert anothers == nothing
    assert len(routes) > 5


def refusal(answer: HttpResponse) -> tuple[int, str]:
    """What tells one refusal from another."""
    assert is_real(answer)
    return answer.status_code, answer.json()["error"]["code"]


def test_no_page_shows_what_is_anothers(
    alice: MintedProject, charlie: MintedProject, ids: dict[str, str]
) -> None:
    before, leaks = state(), []

    for route in [route for route in ROUTES if route.startswith("dashboard")]:
        browser = Client()
        browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
        assert Session.objects.count() == 1
        for method in ("get", "post"):
            for query in queries(ids):
                page = getattr(browser, method)(filled(route, ids) + query)
                if not kept(page, charlie) or b"charlies-own-words not found" in page.content:
                    leaks.append((route, method, query, page.status_code, page.content))
        if state() != before:
            leaks.append((route, "changed what is charlie's"))
        Session.objects.all().delete()

    assert leaks == []


def test_no_route_of_the_api_works_without_a_key(ids: dict[str, str], call: Callable[..., Any]) -> None:
    routes = [route for route in ROUTES if route.startswith("v1/") and "feedback" not in route]

    statuses = {
        route: {call(method, filled(route, ids)).status_code for method in ("GET", "POST")}
        for route in routes
    }

    assert {route: found for route, found in statuses.items() if found not in ({401}, {401, 405})} == {}
    assert statuses
