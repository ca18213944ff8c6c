"""The contract as data: a valid OpenAPI document, and JSON Schemas that need nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from loopkit.schemas import COMPONENTS, generated_document, openapi_document, tag_of
from tests.server import Server


def test_the_openapi_document_is_valid_and_names_its_server(server: Server, tmp_path: Path) -> None:
    openapi = server.call("GET", "/openapi.json").json()

    assert openapi["openapi"].startswith("3.1")
    assert openapi["servers"] == [{"url": server.url}]
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_schema_stands_alone_as_json_schema_2020_12(server: Server, name: str) -> None:
    schema = server.call("GET", f"/schema/{name}.json").json()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{server.url}/schema/{name}.json"
    assert schema["properties"]
    jsonschema.Draft202012Validator.check_schema(schema)
    targets = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)))
    assert targets <= {f"#/$defs/{name}" for name in schema.get("$defs", {})}


def test_schemas_are_listed_in_their_index(server: Server) -> None:
    listed = server.call("GET", "/schema/index.json").json()["schemas"]

    assert listed == {name: f"{server.url}/schema/{name}.json" for name in COMPONENTS}


def test_an_unknown_schema_names_the_known_ones(call: Callable[..., Any]) -> None:
    answer = call("GET", "/schema/nothing.json")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "no_such_schema"
    assert "improvement-packet" in answer.json()["error"]["hint"]


def test_the_openapi_document_is_made_once_a_process() -> None:
    assert openapi_document() is openapi_document()


def test_requests_that_come_together_after_a_start_get_one_document() -> None:
    generated_document.cache_clear()

    with ThreadPoolExecutor(8) as pool:
        documents = list(pool.map(lambda _: openapi_document(), range(8)))

    assert all(document is documents[0] for document in documents)


def served_part(call: Callable[..., Any], tag: str) -> dict[str, Any]:
    """The part of the document with that tag."""
    answer = call("GET", f"/openapi.json?tag={tag}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_the_parts_of_the_document_together_are_the_document(call: Callable[..., Any]) -> None:
    whole = openapi_document()
    tags = call("GET", "/openapi.json?tag=index").json()["tags"]
    paths: dict[str, Any] = {}
    for tag, operations in tags.items():
        part = served_part(call, tag)
        assert list(operations) == [
            f"{method.upper()} {path}" for path, methods in part["paths"].items() for method in methods
        ]
        paths |= part["paths"]

    without_tags = json.loads(json.dumps(paths))
    for methods in (*without_tags.values(), *(untagged := json.loads(json.dumps(whole["paths"]))).values()):
        for operation in methods.values():
            del operation["tags"]
    assert without_tags == untagged


def test_a_part_needs_nothing_of_the_rest_and_fits_into_a_tools_answer(call: Callable[..., Any]) -> None:
    for tag in call("GET", "/openapi.json?tag=index").json()["tags"]:
        part = served_part(call, tag)

        validate_schema(part)
        text = call("GET", f"/openapi.json?tag={tag}").content.decode()
        referred = set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', text))
        assert referred == part["components"]["schemas"].keys()
        assert len(text) < 48_000


@pytest.mark.parametrize(
    ("tag", "nearest"), [("loop", "loops"), ("Loops", "loops"), ("x" * 999, ""), ("%E2%80%AE", "")]
)
def test_a_wrong_tag_is_told_the_tags(call: Callable[..., Any], tag: str, nearest: str) -> None:
    answer = call("GET", f"/openapi.json?tag={tag}")

    assert answer.status_code == 400
    hint = answer.json()["error"]["hint"]
    assert f"Did you mean {nearest}?" in hint or not nearest
    assert all(tag_of(path) in hint for path in openapi_document()["paths"])


def test_an_unknown_parameter_is_no_way_to_the_whole_document(call: Callable[..., Any]) -> None:
    answer = call("GET", "/openapi.json?tags=loops")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_parameter")
    assert "Did you mean tag?" in answer.json()["error"]["hint"]
