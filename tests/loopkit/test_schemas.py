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

from loopkit.schemas import COMPONENTS, generated_document, openapi_document
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
