"""
The contract as data: openapi.json of this instance, and a JSON Schema for each shape that agents keep.

Schemas of OpenAPI 3.1 are JSON Schema 2020-12, so they are taken out as they are:
https://spec.openapis.org/oas/v3.1.0#schema-object
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.documents import PublicDocument, origin
from loopkit.http.errors import ApiError
from loopkit.http.links import absolute

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
        return Response(document() | {"servers": [{"url": origin(request)}]})


class SchemaView(PublicDocument):
    """A shape as JSON Schema 2020-12."""

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str) -> Response:
        """The schema, or the list of them for `index`."""
        urls = {known: absolute(request, f"/schema/{known}.json") for known in COMPONENTS}
        if name == "index":
            return Response({"ok": True, "schemas": urls})
        if name not in COMPONENTS:
            hint = f"Known names: {', '.join(COMPONENTS)}; /schema/index.json lists them."
            raise ApiError(404, "no_such_schema", f"There is no schema {name[:80]!r}.", hint)
        return Response({"$schema": DIALECT, "$id": urls[name], **standalone(COMPONENTS[name])})


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document without `servers`; made once a process."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def standalone(component: str) -> dict[str, Any]:
    """The component with everything it refers to in `$defs`."""
    components = document()["components"]["schemas"]
    needed = reachable(component, components)
    whole = {"title": component, **components[component]}
    if needed:
        whole["$defs"] = {name: components[name] for name in sorted(needed)}
    moved: dict[str, Any] = orjson.loads(orjson.dumps(whole).replace(b"#/components/schemas/", b"#/$defs/"))
    return moved


def reachable(component: str, components: dict[str, Any]) -> set[str]:
    """The names of all that the component refers to, at any depth; its own only if it refers to itself."""
    found: set[str] = set()
    waiting = references(components[component])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(components[name])
    return found


def references(node: Any) -> list[str]:
    """The component names in every `$ref` of a schema."""
    if isinstance(node, dict):
        here = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return here + [name for value in node.values() for name in references(value)]
    if isinstance(node, list):
        return [name for value in node for name in references(value)]
    return []
