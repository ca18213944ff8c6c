"""The docs_url of each error leads to the place in a served page that explains its code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tests import ROOT

BASE = "http://testserver"
# Ways to an error: through REST framework, before it, by the method, the key, the body, the host, the path.
REQUESTS = [
    ("GET", "/nothing", {}, None),
    ("GET", "/v1/nothing", {}, None),
    ("GET", "/v1/loops/", {}, None),
    ("GET", "/v1/telemetry", {}, None),
    ("GET", "/v1/telemetry", {"Authorization": "Bearer lk_agent_nothing"}, None),
    ("PUT", "/v1/telemetry", {"Authorization": "agent"}, {}),
    ("GET", "/v1/telemetry?limt=1", {"Authorization": "agent"}, None),
    ("GET", "/v1/telemetry?limit=0", {"Authorization": "agent"}, None),
    ("GET", "/v1/loops/loop_0", {"Authorization": "agent"}, None),
    ("POST", "/v1/loops/loop_0/approve", {"Authorization": "agent"}, {}),
    ("POST", "/v1/feedback", {"Authorization": "agent"}, {"rating": "up"}),
    ("POST", "/v1/feedback", {"Authorization": "feedback"}, {"rating": "sideways"}),
    ("POST", "/v1/provision", {}, {"name": "x"}),
    ("GET", "/v1/telemetry", {"Host": "evil.example"}, None),
    ("GET", "/schema/nothing.json", {}, None),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), REQUESTS)
def test_each_error_is_explained_where_it_points(
    alice: MintedProject, call: Callable[..., Any], method: str, path: str, headers: dict[str, str], body: Any
) -> None:
    kind = headers.get("Authorization")
    known = {"Authorization": f"Bearer {alice.keys[kind]}"} if kind in alice.keys else {}

    answer = call(method, path, None, body, **headers | known)

    error = answer.json()["error"]
    url = urlsplit(urljoin(f"{BASE}{path}", error["docs_url"]))
    page = Client().get(url.path)
    assert answer.status_code >= 400
    assert f"{url.scheme}://{url.netloc}" == BASE
    assert page.status_code == 200
    section = page.content.decode().partition(f'<a id="{url.fragment}"></a>')[2]
    assert f"`{error['code']}`" in section


def test_only_a_host_that_is_none_of_this_server_leaves_the_address_without_one(
    db: None, call: Callable[..., Any]
) -> None:
    own, other = call("GET", "/nothing"), call("GET", "/nothing", Host="evil.example")

    assert own.json()["error"]["docs_url"] == f"{BASE}/reference.md#errors"
    assert other.json()["error"]["docs_url"] == "/reference.md#errors"


def test_no_error_names_a_page_in_another_way() -> None:
    sources = [
        path
        for app in ("loopkit", "tenants", "telemetry", "diagnosis")
        for path in (ROOT / app).rglob("*.py")
    ]
    written = {
        match[0]
        for path in sources
        for match in re.finditer(r"[\"']/?[a-z-]*\.md#[a-z-]+[\"']", path.read_text())
    }

    assert written == {'"/reference.md#errors"'}
