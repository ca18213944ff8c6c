"""
Requests made from the served schema, right and wrong ones, to the running server: every answer is documented.

https://schemathesis.readthedocs.io/en/stable/guides/pytest/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.serialization import serialize_binary

from loopkit.schemas import openapi_document
from tests.contract_requests import one_failure
from tests.server import Server

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TOO_LONG = 414  # the server's own answer to a request line above 4,094 bytes, which LoopKit never sees
TRIES = settings(
    max_examples=4,  # besides some 1,200 requests on the edges of what the schema allows
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
KEYS = {"producerKey": "producer_key", "agentKey": "agent_key", "feedbackKey": "feedback_key"}


@schemathesis.serializer("application/x-protobuf")
def as_protobuf(context: Any, value: Any) -> bytes:
    """Random bytes as they are: nearly always a broken message."""
    return bytes(serialize_binary(value))


@pytest.fixture(scope="module")
def project(server: Server) -> dict[str, Any]:
    """With something to read: a failure and its diagnosis."""
    made = server.provision("schemathesis")
    server.call("POST", "/v1/traces", made["producer_key"], one_failure())
    server.call("POST", "/v1/runs/diagnose", made["agent_key"])
    return made


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all requests: making 1,500 took longer than answering."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def key_of(operation: Any, project: dict[str, Any]) -> dict[str, str]:
    """The header with the key that the operation asks for; none for public ones."""
    schemes = [name for names in operation.definition.raw.get("security", []) for name in names]
    return {"Authorization": f"Bearer {project[KEYS[schemes[0]]]}"} if len(schemes) == 1 else {}


def answer_is_documented(
    case: Any, server: Server, session: requests.Session, project: dict[str, Any]
) -> None:
    """One request and its answer."""
    headers = key_of(case.operation, project)

    answer = case.call(base_url=server.url, session=session, headers=headers, timeout=20)

    if answer.status_code != TOO_LONG:
        case.validate_response(answer, checks=CHECKS)


def test_every_answer_is_a_documented_one(
    server: Server, session: requests.Session, project: dict[str, Any], subtests: pytest.Subtests
) -> None:
    schema = schemathesis.openapi.from_dict(openapi_document())

    # Built here: `schema.parametrize` would build the requests at collection, which every worker does.
    built = get_all_tests(schema=schema, test_func=answer_is_documented, settings=TRIES, given_kwargs={})
    operations = [made.ok() for made in built]

    assert len(operations) == sum(len(methods) for methods in openapi_document()["paths"].values())
    for operation, answers_are_documented in operations:
        with subtests.test(operation.label):
            answers_are_documented(server=server, session=session, project=project)


def test_the_server_serves_the_schema_that_was_tried(server: Server) -> None:
    served = server.call("GET", "/openapi.json").json()

    assert served.pop("servers") == [{"url": server.url}]
    assert served == openapi_document()
