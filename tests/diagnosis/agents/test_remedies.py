"""A refusal of a value says what is right: the choices, the range, the longest text, or where an id comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from diagnosis.agents import arguments
from diagnosis.agents.tools import TOOLS
from telemetry.api.parsed_query import FORMS
from tests.module_data import ModuleData
from tests.security.voice.canaries import CanaryWorld, build_canary_world
from tests.security.voice.test_budgeted_reads import url_of
from tests.tool_calls import call_tool

Call = Callable[..., Any]
OTLP = ("/v1/traces", "/v1/logs", "/v1/metrics", "/v1development/profiles")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that is refused, None for a missing one, and the words that the hint must have."""

    name: str
    value: Any
    words: tuple[str, ...]


def wrong_values(name: str, schema: dict[str, Any]) -> Iterator[Wrong]:
    """Values that the schema of a parameter, a field or an argument does not allow."""
    each = schema.get("items", schema)
    as_sent: Callable[[Any], Any] = (lambda value: [value]) if "items" in schema else (lambda value: value)
    if choices := [choice for choice in each.get("enum", []) if choice not in (None, "")]:
        yield Wrong(name, as_sent("zzz"), tuple(map(str, choices)))
    bounds = {bound: each[bound] for bound in ("minimum", "maximum") if bound in each}
    if each.get("type") == "integer" and bounds:
        words = tuple(str(bound) for bound in bounds.values())
        yield Wrong(name, as_sent("zzz"), words)
        if "minimum" in bounds:
            yield Wrong(name, as_sent(bounds["minimum"] - 1), words)
        if "maximum" in bounds:
            yield Wrong(name, as_sent(bounds["maximum"] + 1), words)
    if each.get("type") == "boolean":
        yield Wrong(name, as_sent("zzz"), ("true", "false"))
    if "maxLength" in each and not choices and name not in FORMS:
        yield Wrong(name, as_sent("z" * (each["maxLength"] + 1)), (f"{each['maxLength']:,}",))


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Call) -> Iterator[ModuleData]:
    """The project of canaries."""
    yield from build_module_data(lambda: build_canary_world(call))


@pytest.fixture
def world(module_data: ModuleData, db: None) -> CanaryWorld:
    """The project as it was built."""
    built: CanaryWorld = module_data.built
    return built


def lacking(error: dict[str, Any], words: tuple[str, ...]) -> list[str]:
    """Those of the words that the hint does not have."""
    return [word for word in words if word not in error["hint"]]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_says_what_is_right(tool: Any, world: CanaryWorld, call: Call) -> None:
    schema = arguments.arguments_schema(tool.arguments)
    required = {name: world.ids.get(name, "merged") for name in schema.get("required", [])}
    cases = [case for name, form in schema["properties"].items() for case in wrong_values(name, form)]

    for case in cases:
        answer = call_tool(call, world.keys["agent"], tool.name, **(required | {case.name: case.value}))
        error = orjson.loads(answer.text)
        assert error.get("code") == "invalid", (case, answer.text)
        assert lacking(error, case.words) == [], (case, error)
    for name in required:
        sent = {other: value for other, value in required.items() if other != name}
        error = orjson.loads(call_tool(call, world.keys["agent"], tool.name, **sent).text)
        field = tool.arguments().fields[name]
        words = list(field.choices) if isinstance(field, serializers.ChoiceField) else [str(field.help_text)]
        assert words != [""]
        assert name in error["message"]
        assert lacking(error, tuple(words)) == [], (name, error)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the OpenAPI document."""

    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any]
    required: list[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> list[Operation]:
    """Every operation, with the schemas of what it takes."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            body = resolved(document, content.get("schema", {}))
            query = {
                parameter["name"]: resolved(document, parameter["schema"])
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "query"
            }
            fields = {name: resolved(document, field) for name, field in body.get("properties", {}).items()}
            found.append(Operation(method.upper(), path, query, fields, body.get("required", [])))
    return [operation for operation in found if operation.path not in OTLP]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without references."""
    for each in (schema, *schema.get("allOf", []), *schema.get("oneOf", [])):
        if "$ref" in each:
            schema = schema | document["components"]["schemas"][each["$ref"].rsplit("/", 1)[-1]]
    return schema


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_a_path_says_what_is_right(operation: Operation, world: CanaryWorld, call: Call) -> None:
    path = url_of(world, operation.path)
    keys = {"/v1/feedback": "feedback", "/v1/notices.json": "feed", "/v1/notices.atom": "feed"}
    key = world.keys[keys.get(operation.path, "agent")]
    faults = []
    for name, schema in operation.query.items():
        for case in wrong_values(name, schema):
            answer = call(operation.method, f"{path}?{case.name}={case.value}", key)
            faults += fault_of(case, answer)
    for name, schema in operation.body.items():
        for case in wrong_values(name, schema):
            faults += fault_of(case, call(operation.method, path, key, {case.name: case.value}))
    for name in operation.required:
        answer = call(operation.method, path, key, {})
        choices = tuple(map(str, operation.body[name].get("enum", [])))
        faults += fault_of(Wrong(name, None, choices), answer)
        faults += [] if name in answer.json()["error"]["message"] else [(name, answer.json())]
    assert faults == []


def fault_of(case: Wrong, answer: Any) -> list[Any]:
    """What is wrong with the refusal."""
    error = answer.json().get("error", {}) if "json" in answer["Content-Type"] else {}
    if answer.status_code != 400:
        return [(case, answer.status_code, error)]
    return [(case, error)] if lacking(error, case.words) else []
