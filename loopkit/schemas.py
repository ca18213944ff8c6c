"""
The API's contract as data: openapi.json, and a JSON Schema for each kind of document that agents store.

Schemas in OpenAPI 3.1 are JSON Schema 2020-12, so they are extracted unchanged except for their references:
https://spec.openapis.org/oas/v3.1.0#schema-object
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.documents import PublicDocument, instance_url
from loopkit.http.errors import ApiError
from loopkit.http.links import absolute

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


class OpenApiView(PublicDocument):
    """The OpenAPI document."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """OpenAPI 3.1, with this instance as its server."""
        return Response(openapi_document() | {"servers": [{"url": instance_url(request)}]})


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
