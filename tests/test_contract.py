"""
The published contract, kept: tests/fixtures/openapi-published.json is what clients were promised.

Here: the served document holds all of it. That the server does too: tests/test_contract_answers.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import ROOT
from tests.server import Server

PUBLISHED = json.loads((ROOT / "tests/fixtures/openapi-published.json").read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in PUBLISHED["paths"].items()
    for method, operation in methods.items()
}
PLAIN = {"type", "format", "minimum", "maximum", "default"}


def operation_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """`GET /health` in a document."""
    method, path = name.split(" ")
    return dict(document["paths"][path][method.lower()])


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def missing(
    served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any], at: str
) -> Iterator[str]:
    """What the promised schema says and the served one does not, at any depth."""
    served, promised = resolved(served, document), resolved(promised, PUBLISHED)
    for keyword in PLAIN & promised.keys():
        if served.get(keyword) != promised[keyword]:
            yield f"{at}: {keyword} is {served.get(keyword)}, promised {promised[keyword]}"
    if set(promised.get("enum", [])) != set(served.get("enum", [])) and "enum" in promised:
        yield f"{at}: enum is {served.get('enum')}, promised {promised['enum']}"
    if "items" in promised:
        yield from missing(served.get("items", {}), promised["items"], document, f"{at}[]")
    for name, schema in promised.get("properties", {}).items():
        if name not in served.get("properties", {}):
            yield f"{at}.{name}: is not there"
        else:
            yield from missing(served["properties"][name], schema, document, f"{at}.{name}")


def missing_parameters(
    served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any]
) -> Iterator[str]:
    """Parameters by name and place, with their schemas; none may be required that was not."""
    known = {(parameter["name"], parameter["in"]): parameter for parameter in served.get("parameters", [])}
    wanted = {(parameter["name"], parameter["in"]): parameter for parameter in promised.get("parameters", [])}
    for key, parameter in wanted.items():
        if key not in known:
            yield f"parameter {key}: is not there"
        else:
            yield from missing(known[key]["schema"], parameter["schema"], document, f"parameter {key[0]}")
    required = {key for key, parameter in known.items() if parameter.get("required")}
    for key in required - {key for key, parameter in wanted.items() if parameter.get("required")}:
        yield f"parameter {key}: is required, and was not promised so"


def missing_body(served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """The request body by media type; none of its fields may be required that was not."""
    for media_type, content in promised.get("requestBody", {}).get("content", {}).items():
        known = served["requestBody"]["content"].get(media_type)
        if known is None:
            yield f"request {media_type}: is not there"
            continue
        yield from missing(known["schema"], content["schema"], document, "request")
        extra = set(resolved(known["schema"], document).get("required", [])) - set(
            content["schema"].get("required", [])
        )
        if extra:
            yield f"request: {extra} required, and not promised so"


def missing_answers(
    served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any]
) -> Iterator[str]:
    """Status codes, and the schema of those answers that have one."""
    for code, answer in promised["responses"].items():
        if code not in served["responses"]:
            yield f"answer {code}: is not there"
            continue
        for media_type, content in answer.get("content", {}).items():
            known = served["responses"][code].get("content", {}).get(media_type, {}).get("schema", {})
            yield from missing(known, content["schema"], document, f"answer {code}")
            promised_fields = set(resolved(content["schema"], PUBLISHED).get("required", []))
            if lacking := promised_fields - set(resolved(known, document).get("required", [])):
                yield f"answer {code}: {lacking} may be left out"


@pytest.fixture(scope="module")
def served(server: Server) -> dict[str, Any]:
    """The OpenAPI document of the running server."""
    return dict(server.call("GET", "/openapi.json").json())


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_served_document_holds_all_that_was_published(served: dict[str, Any], name: str) -> None:
    promised, known = OPERATIONS[name], operation_of(served, name)

    lacking = [
        *missing_parameters(known, promised, served),
        *missing_body(known, promised, served),
        *missing_answers(known, promised, served),
    ]

    assert lacking == []
    assert known.get("security", [{}]) == promised.get("security") or {} in known.get("security", [{}])


def test_the_security_schemes_are_the_published_ones(served: dict[str, Any]) -> None:
    schemes = served["components"]["securitySchemes"]

    for name, promised in PUBLISHED["components"]["securitySchemes"].items():
        assert (schemes[name]["type"], schemes[name]["scheme"]) == (promised["type"], promised["scheme"])


def test_a_packet_promises_every_published_field(served: dict[str, Any]) -> None:
    promised = PUBLISHED["components"]["schemas"]["DiagnosisPacket"]
    known = served["components"]["schemas"]["DiagnosisPacket"]

    assert list(missing(known, promised, served, "DiagnosisPacket")) == []
    assert set(promised["required"]) <= set(known["required"])
