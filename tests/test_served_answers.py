"""What the running server answers about real packets, loops and evals has the shape that it documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser_forms import Person
from tests.contract_requests import one_failure
from tests.server import Server
from tests.test_contract import operation_of
from tests.test_contract_answers import validate

READS = [
    "/v1/packets",
    "/v1/packets/{packet_id}",
    "/v1/loops",
    "/v1/loops/{loop_id}",
    "/v1/loops/{loop_id}/handoff",
    "/v1/loops/{loop_id}/handoff?format=md",
    "/v1/evals/{eval_id}",
    "/v1/evals/{eval_id}?format=pytest",
    "/v1/evals/{eval_id}?format=promptfoo",
    "/v1/evals/{eval_id}?format=jsonl",
    "/v1/telemetry",
    "/v1/evidence?cluster_id={cluster_id}",
    "/v1/dashboard",
    "/v1/reports/latest.md",
]


@pytest.fixture(scope="module")
def served(server: Server) -> dict[str, Any]:
    """The OpenAPI document of the running server."""
    return dict(server.call("GET", "/openapi.json").json())


@pytest.fixture(scope="module")
def known(server: Server, human: Person) -> dict[str, str]:
    """The agent key and the ids of a project with one approved loop."""
    made = server.provision("served answers")
    server.call("POST", "/v1/traces", made["producer_key"], one_failure())
    packet = server.call("POST", "/v1/runs/diagnose", made["agent_key"]).json()["packet"]
    issue = packet["issues"][0]
    human.send(f"/admin/diagnosis/loop/{issue['loop_id']}/change/", verb="approve", reason="seen")
    ids = {"loop_id": issue["loop_id"], "eval_id": issue["eval_candidate"], "packet_id": packet["packet_id"]}
    return ids | {"key": made["agent_key"], "cluster_id": issue["cluster_id"]}


@pytest.mark.parametrize("path", READS)
def test_a_read_has_the_served_shape(
    server: Server, served: dict[str, Any], known: dict[str, str], path: str
) -> None:
    answer = server.call("GET", path.format(**known), known["key"])

    assert answer.status == 200, answer.body
    validate(answer, operation_of(served, f"GET {path.partition('?')[0]}"), served)


def test_reports_of_the_agent_have_the_served_shape(
    server: Server, served: dict[str, Any], known: dict[str, str]
) -> None:
    reports: list[tuple[str, dict[str, Any]]] = [
        ("/v1/evals", {"eval_id": known["eval_id"], "passed": True, "release": "2"}),
        ("/v1/loops/{loop_id}/events", {"kind": "pr_opened", "url": "https://git.example/1"}),
        ("/v1/loops/{loop_id}/events", {"kind": "shipped", "release": "2"}),
        ("/v1/runs/verify", {"loop_id": known["loop_id"]}),
        ("/v1/loops/{loop_id}/events", {"kind": "merged"}),
    ]

    answers = [server.call("POST", path.format(**known), known["key"], body) for path, body in reports]

    assert [answer.status for answer in answers] == [201, 201, 201, 200, 409]
    for (path, _), answer in zip(reports, answers, strict=True):
        validate(answer, operation_of(served, f"POST {path}"), served)
