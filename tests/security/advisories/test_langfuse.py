"""
Langfuse, whose projects also store OpenTelemetry traces of strangers.

https://github.com/langfuse/langfuse/security/advisories
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from benchmarks.layout import product_files
from tenants.keys.provisioning import MintedProject
from tests import ROOT
from tests.staff_clients import home, member
from tests.telemetry.factory import minutes, request, span
from tests.test_isolation import ROUTES, filled

pytestmark = pytest.mark.django_db
NETWORK = {
    "socket", "ssl", "http.client", "urllib.request", "smtplib", "requests", "httpx", "urllib3", "aiohttp", "ftplib",
}  # fmt: skip
# The server listens, and the demo talks to it; the others need the name of the machine, or of an exception of mail.
MAY = re.compile(
    r"loopkit/(worker/\w+|worker|server|serving|demo/client|job_thread|http/client_connection)\.py|diagnosis/notices/outbox\.py"
)
NAMES = (
    "__proto__", "__proto__.polluted", "constructor.prototype.polluted", "__class__", "__init__.__globals__",
    "__dict__",
    "gen_ai.prompt.0.__proto__.polluted", "llm.input_messages.0.message.__class__", "llm.input_messages.__proto__.role",
    "self", "objects", "pk", "",
)  # fmt: skip


@pytest.mark.parametrize("action", ["preview", "switch", "continue"])
def test_only_an_operator_runs_a_migration_in_the_background(alice: MintedProject, action: str) -> None:
    """CVE-2025-59305: any signed-in user could list and start background migrations, here a fingerprint switch."""
    project = home(alice.project, "acme")
    viewer = member("vera", project.tenant, permissions=["view_loop", "view_project"])
    path = f"/admin/projects/{project.project_id}/fingerprints/"

    answers = [viewer.get(path), viewer.post(path, {"action": action, "to": "2", action: "1"})]

    project.refresh_from_db()
    assert [answer.status_code for answer in answers] == [403, 403]
    assert project.fingerprint_version == alice.project.fingerprint_version


def test_nobody_lists_the_people_of_another_tenant(alice: MintedProject, charlie: MintedProject) -> None:
    """CVE-2025-64504: members of other organisations could be enumerated."""
    mine, another = home(alice.project, "acme"), home(charlie.project, "globex")
    member("zelda-of-globex", another.tenant)
    manager = member("mona", mine.tenant)

    pages = [
        manager.get(path, follow=True)
        for path in (
            "/admin/auth/user/", "/admin/auth/user/?q=zelda", "/admin/auth/user/?username__startswith=zelda",
            "/admin/autocomplete/?term=zelda&app_label=tenants&model_name=tenant&field_name=users",
            f"/admin/tenants/tenant/{another.tenant.pk}/change/",
        )
    ]  # fmt: skip

    assert [page for page in pages if page.status_code >= 500 or b"zelda-of-globex" in page.content] == []


@pytest.mark.parametrize("path", ["/admin/login/", "/dashboard/sign-in", "/dashboard/recover"])
def test_no_other_site_signs_anybody_in(alice: MintedProject, path: str) -> None:
    """CVE-2025-65107: a sign-in begun by another site took over an account."""
    browser = Client(enforce_csrf_checks=True, headers={"Origin": "https://evil.example"})
    form = {
        "username": "a",
        "password": "b",
        "agent_key": alice.keys["agent"],
        "project_id": "x",
        "recovery_code": "y",
    }

    assert browser.post(path, form).status_code == 403


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_server_opens_no_connection_for_anybody() -> None:
    """CVE-2025-9799, CVE-2026-134835, and Bugsink's GHSA-w589-2ffr-2prv: requests to internal hosts by the server."""
    importing = {str(path.relative_to(ROOT)) for path in product_files(ROOT) if imports_of(path) & NETWORK}

    assert [path for path in importing if not MAY.fullmatch(path)] == []


def test_no_route_but_the_public_ones_answers_without_a_key(call: Callable[..., Any]) -> None:
    """CVE-2026-24055, and MLflow's CVE-2026-2652: routes that took a project's id without a key, traces among them."""
    ids = dict.fromkeys(("packet_id", "loop_id", "eval_id", "cluster_id", "record_id", "id", "name"), "x")
    routes = [route for route in ROUTES if route.startswith("v1/")]

    answers = {
        (route, method): call(
            method, filled(route, ids), data={"project_id": "x", "projectId": "x"}
        ).status_code
        for route in routes
        for method in ("GET", "POST")
    }

    assert set(answers.values()) <= {401, 405}
    assert len(routes) > 15


@pytest.mark.parametrize("name", NAMES)
def test_no_attribute_name_reaches_an_object_of_the_program(
    alice: MintedProject, charlie: MintedProject, call: Callable[..., Any], name: str
) -> None:
    """Version 3.167.4: an attribute `__proto__...` changed every object of the process, for all projects."""
    now = timezone.now()
    attributes = {name: "polluted", "gen_ai.operation.name": "chat", "openinference.span.kind": "LLM"}
    sent = call(
        "POST",
        "/v1/traces",
        alice.keys["producer"],
        request(span("chat", at=now - minutes(5), attributes=attributes)),
    )
    call("POST", "/v1/traces", charlie.keys["producer"], request(span("chat", at=now - minutes(5))))

    own, another = (call("GET", "/v1/telemetry", minted.keys["agent"]) for minted in (alice, charlie))

    assert (sent.status_code, own.status_code, another.status_code) == (202, 200, 200)
    assert own.json()["records"][0]["attributes"].get(name, "polluted") == "polluted"
    assert b"polluted" not in another.content
