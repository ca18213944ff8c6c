"""The running server gives each answer that the published contract documents, in the served shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.contract_requests import ASKS, Places, one_failure
from tests.server import Answer, Server, running
from tests.test_contract import OPERATIONS, PUBLISHED, operation_of

RACES = {("POST /v1/provision", 409)}  # two mints at one moment; tests/tenants lets them race
ANSWERS = {
    (name, int(code)) for name, operation in OPERATIONS.items() for code in operation["responses"]
} - RACES
FIELDS_OF_AN_ISSUE = PUBLISHED["components"]["schemas"]["DiagnosisPacket"]["properties"]["issues"]["items"][
    "properties"
]


@pytest.fixture(scope="module")
def served(server: Server) -> dict[str, Any]:
    """The OpenAPI document of the running server."""
    return dict(server.call("GET", "/openapi.json").json())


@pytest.fixture(scope="module")
def project(server: Server) -> dict[str, Any]:
    """A project with one failing tool call."""
    made = server.provision("contract")
    answer = server.call("POST", "/v1/traces", made["producer_key"], one_failure())
    assert answer.status == 202, answer.body
    return made


@pytest.fixture(scope="module")
def strict(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server with tight rate limits."""
    rates = {"LOOPKIT_MINT_RATE": "3/h", "LOOPKIT_RECOVER_RATE": "3/h"}
    with running(new_installation(), LOOPKIT_WORKERS="1", **rates) as started:
        yield started


@pytest.fixture(scope="module")
def secretless(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server that can recover nobody."""
    with running(new_installation(), LOOPKIT_WORKERS="1", SIGNUP_UPGRADE_SECRET="") as started:
        yield started


def validate(answer: Answer, operation: dict[str, Any], document: dict[str, Any]) -> None:
    """The answer is one that the served document describes."""
    contents = operation["responses"][str(answer.status)]["content"]
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in contents
    if media_type == "application/json":
        schema = contents[media_type]["schema"] | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(("operation", "code"), sorted(ANSWERS))
def test_each_documented_answer_is_really_given(
    served: dict[str, Any], operation: str, code: int, request: pytest.FixtureRequest
) -> None:
    answer = ASKS[operation, code](Places(request.getfixturevalue))

    assert answer.status == code, answer.body
    validate(answer, operation_of(served, operation), served)
    assert ("www-authenticate" in answer.headers) == (code == 401)
    assert "retry-after" in answer.headers or code != 429


def test_a_packet_is_valid_by_the_published_schema(server: Server, project: dict[str, Any]) -> None:
    answer = server.call("POST", "/v1/runs/diagnose", project["agent_key"]).json()

    schema = {"$ref": "#/components/schemas/DiagnosisResponse", "components": PUBLISHED["components"]}
    jsonschema.validate(answer, schema, format_checker=jsonschema.FormatChecker())
    packet = answer["packet"]
    assert (packet["since_minutes"], packet["telemetry_read"], packet["failures"]) == (60, 1, 1)
    assert packet["issues"][0].keys() >= FIELDS_OF_AN_ISSUE.keys()


@pytest.mark.parametrize("value", ["0", "43201", "sixty", "1.5"])
@pytest.mark.parametrize("path", ["/v1/telemetry", "/v1/sessions", "/v1/sessions/any"])
def test_since_minutes_outside_its_bounds_is_refused(
    server: Server, project: dict[str, Any], path: str, value: str
) -> None:
    answer = server.call("GET", f"{path}?since_minutes={value}", project["agent_key"])

    assert answer.status == 400
    assert "since_minutes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("value", [0, 43201, "sixty"])
def test_a_diagnosis_outside_the_bounds_is_refused(
    server: Server, project: dict[str, Any], value: Any
) -> None:
    answer = server.call("POST", "/v1/runs/diagnose", project["agent_key"], {"since_minutes": value})

    assert answer.status == 400
    assert "since_minutes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("value", ["0", "501", "many"])
def test_a_limit_outside_its_bounds_is_refused(server: Server, project: dict[str, Any], value: str) -> None:
    assert server.call("GET", f"/v1/sessions?limit={value}", project["agent_key"]).status == 400


def test_environment_chooses_sessions(server: Server, project: dict[str, Any]) -> None:
    everywhere = server.call("GET", "/v1/sessions", project["agent_key"]).json()
    nowhere = server.call("GET", "/v1/sessions?environment=nowhere", project["agent_key"]).json()

    assert (len(everywhere["sessions"]), nowhere["sessions"]) == (1, [])
