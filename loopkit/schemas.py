"""
The API's contract as data: openapi.json, its parts by tag, and a JSON Schema for each document that agents store.

The tag of an operation is the first segment of its path behind /v1. So a client reads what it needs.

Schemas in OpenAPI 3.1 are JSON Schema 2020-12, so they are extracted unchanged except for their references:
https://spec.openapis.org/oas/v3.1.0#schema-object
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.documents import PublicDocument, instance_url
from loopkit.http.errors import ApiError
from loopkit.http.links import absolute
from tenants.api.strict_fields import StrictSerializer, nearest_word, valid

_generating = Lock()
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS = {
    "improvement-packet": "DiagnosisPacket",
    "diagnosis-packet": "DiagnosisPacket",
    "telemetry-record": "Record",
    "session": "SessionSummary",
    "loop": "LoopDetail",
    "handoff": "Handoff",
    "verification": "VerifyAnswer",
    "eval-candidate": "EvalCandidate",
    "error": "Error",
}


class OpenApiParameters(StrictSerializer):
    """GET /openapi.json"""

    tag = serializers.CharField(required=False, trim_whitespace=False)


class OpenApiView(PublicDocument):
    """The OpenAPI document, or the part of it that has a tag."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """OpenAPI 3.1, with this instance as its server; the tags with their operations for `?tag=index`."""
        tag = valid(OpenApiParameters(data=request.query_params.dict())).get("tag")
        whole = openapi_document()
        if tag == "index":
            return Response({"ok": True, "tags": operations_by_tag(whole)})
        document = whole if tag is None else part_with_tag(whole, tag)
        return Response(document | {"servers": [{"url": instance_url(request)}]})


class SchemaView(PublicDocument):
    """A component of the OpenAPI document as JSON Schema 2020-12."""

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str) -> Response:
        """The schema, or the list of schemas for `index`. Raises 404 for an unknown name."""
        urls = {schema: absolute(request, f"/schema/{schema}.json") for schema in COMPONENTS}
        if name == "index":
            return Response({"ok": True, "schemas": urls})
        if name not in COMPONENTS:
            hint = f"Known names: {', '.join(COMPONENTS)}; /schema/index.json lists them."
            raise ApiError(404, "no_such_schema", "There is no schema of this name.", hint)
        return Response({"$schema": DIALECT, "$id": urls[name], **standalone(COMPONENTS[name])})


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document without `servers`, generated once per process."""
    with _generating:
        return generated_document()


@lru_cache(maxsize=1)
def generated_document() -> dict[str, Any]:
    """The document. Two threads must not call this at once: drf-spectacular's registry of extensions would break."""
    openapi: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return openapi


def standalone(component: str) -> dict[str, Any]:
    """The component as a self-contained schema, with everything that it refers to in `$defs`."""
    components = openapi_document()["components"]["schemas"]
    dependencies = reachable(component, components)
    schema = {"title": component, **components[component]}
    if dependencies:
        schema["$defs"] = {name: components[name] for name in sorted(dependencies)}
    text = orjson.dumps(schema).replace(b"#/components/schemas/", b"#/$defs/")
    return dict(orjson.loads(text))


def tag_of(path: str) -> str:
    """`loops` for `/v1/loops/{loop_id}`, `notices` for `/v1/notices.json`."""
    return path.removeprefix("/v1").split("/")[1].partition(".")[0]


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation object of each operation, in the document's order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def operations_by_tag(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The summary of each operation, by `GET /v1/loops`, by tag."""
    tags: dict[str, dict[str, str]] = {}
    for path, method, operation in operations_of(document):
        tags.setdefault(tag_of(path), {})[f"{method.upper()} {path}"] = operation.get("summary", "")
    return tags


def part_with_tag(document: dict[str, Any], tag: str) -> dict[str, Any]:
    """The document with the operations of that tag, and the components that these use. Raises ApiError 400."""
    tags = operations_by_tag(document)
    if tag not in tags:
        hint = f"{nearest_word(tag, tags)} Write one of: {', '.join(tags)}; or index, which lists their operations."
        raise ApiError(400, "invalid", "tag: The document has no such tag.", hint.strip())
    paths = {
        path: {method: operation | {"tags": [tag]} for method, operation in methods.items()}
        for path, methods in document["paths"].items()
        if tag_of(path) == tag
    }
    components = document["components"]
    names = {name for used in references(paths) for name in (used, *reachable(used, components["schemas"]))}
    schemes = schemes_of(paths)
    return document | {
        "tags": [{"name": tag}],
        "paths": paths,
        "components": {
            "schemas": {name: components["schemas"][name] for name in sorted(names)},
            "securitySchemes": {name: components["securitySchemes"][name] for name in sorted(schemes)},
        },
    }


def schemes_of(paths: dict[str, Any]) -> set[str]:
    """The names of the security schemes that the operations accept."""
    return {
        name
        for methods in paths.values()
        for operation in methods.values()
        for requirement in operation.get("security", [])
        for name in requirement
    }


def reachable(component: str, components: dict[str, Any]) -> set[str]:
    """The names of the components that this one refers to, at any depth. Includes itself only if it is recursive."""
    names: set[str] = set()
    pending = references(components[component])
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += references(components[name])
    return names


def references(node: Any) -> list[str]:
    """The component names in every `$ref` of a schema."""
    if isinstance(node, dict):
        own_reference = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return own_reference + [name for value in node.values() for name in references(value)]
    if isinstance(node, list):
        return [name for value in node for name in references(value)]
    return []
