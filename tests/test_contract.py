"""
The published contract, kept: tests/fixtures/openapi-published.json is what clients were promised.

The served document must hold all of it, and the running server must really give each documented answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from tenants.credentials import recovery_code, upgrade_code
from tests.server import ROOT, Answer, Server, running

PUBLISHED = json.loads((ROOT / "tests/fixtures/openapi-published.json").read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in PUBLISHED["paths"].items()
    for method, operation in methods.items()
}
ANSWERS = [(name, code) for name, operation in OPERATIONS.items() for code in operation["responses"]]
RACES = {("POST /v1/provision", "409")}  # two mints at one moment: tests/tenants has them race
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


def missing(served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
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


def missing_parameters(served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
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
        extra = set(resolved(known["schema"], document).get("required", [])) - set(content["schema"].get("required", []))
        if extra:
            yield f"request: {extra} required, and not promised so"


def missing_answers(served: dict[str, Any], promised: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
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


# Each documented answer, from the running server.


@pytest.fixture(scope="module")
def project(server: Server) -> dict[str, Any]:
    """A project with one failing tool call."""
    made = server.provision("contract")
    answer = server.call("POST", "/v1/traces", made["producer_key"], one_failure())
    assert answer.status == 202, answer.body
    return made


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with tight rate limits."""
    with running(tmp_path_factory.mktemp("strict"), LOOPKIT_MINT_RATE="3/h", LOOPKIT_RECOVER_RATE="3/h") as started:
        yield started


@pytest.fixture(scope="module")
def secretless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that can recover nobody."""
    with running(tmp_path_factory.mktemp("secretless"), SIGNUP_UPGRADE_SECRET="") as started:
        yield started


def one_failure() -> dict[str, Any]:
    """An OTLP/JSON request with a failing tool call of now."""
    now = time.time_ns()
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup", "error.type": "NotFound"}
    span = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "name": "execute_tool lookup",
        "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "status": {"code": 2, "message": "not found"},
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def secret_of(server: Server) -> str:
    """What the instance made for itself on its first start."""
    return (server.data_dir / "secrets" / "signup-upgrade").read_text().strip()


Ask = Callable[..., Answer]
ASKS: dict[tuple[str, str], Ask] = {}


def gives(operation: str, code: int) -> Callable[[Ask], Ask]:
    """Registers a function that makes the server give this answer."""

    def register(ask: Ask) -> Ask:
        ASKS[operation, str(code)] = ask
        return ask

    return register


@gives("POST /v1/provision", 201)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/provision", data={"project_name": "fresh", "operator": "contract"})


@gives("POST /v1/provision", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/provision", project["producer_key"], {"project_name": "contract"})


@gives("POST /v1/provision", 400)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/provision", data={})


@gives("POST /v1/provision", 401)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/provision", data={"project_name": "contract"})


@gives("POST /v1/provision", 403)
def _(server: Server, project: dict[str, Any]) -> Answer:
    stranger = server.call("POST", "/v1/signup", data={}).json()
    return server.call("POST", "/v1/provision", stranger["agent_key"], {"project_name": "contract"})


@gives("POST /v1/provision", 429)
def _(strict: Server) -> Answer:
    asked = [strict.call("POST", "/v1/provision", data={"project_name": f"many {n}"}) for n in range(4)]
    assert [answer.status for answer in asked[:3]] == [201] * 3
    return asked[-1]


@gives("POST /v1/recover", 200)
def _(server: Server) -> Answer:
    lost = server.call("POST", "/v1/signup", data={}).json()
    return server.call("POST", "/v1/recover", data={name: lost[name] for name in ("project_id", "recovery_code")})


@gives("POST /v1/recover", 400)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/recover", data={"project_id": "x"})


@gives("POST /v1/recover", 403)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/recover", data={"project_id": project["project_id"], "recovery_code": "0" * 64})


@gives("POST /v1/recover", 404)
def _(server: Server) -> Answer:
    code = recovery_code(secret_of(server), "nobody-00000000")
    return server.call("POST", "/v1/recover", data={"project_id": "nobody-00000000", "recovery_code": code})


@gives("POST /v1/recover", 429)
def _(strict: Server) -> Answer:
    guess = {"project_id": "x", "recovery_code": "y"}
    return [strict.call("POST", "/v1/recover", data=guess) for _ in range(4)][-1]


@gives("POST /v1/recover", 503)
def _(secretless: Server) -> Answer:
    return secretless.call("POST", "/v1/recover", data={"project_id": "x", "recovery_code": "y"})


@gives("POST /v1/signup/upgrade", 200)
def _(server: Server) -> Answer:
    made = server.call("POST", "/v1/signup", data={}).json()
    code = upgrade_code(secret_of(server), made["project_id"])
    return server.call("POST", "/v1/signup/upgrade", made["agent_key"], {"code": code})


@gives("POST /v1/signup/upgrade", 401)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/signup/upgrade", data={"code": "0" * 64})


@gives("POST /v1/signup/upgrade", 403)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/signup/upgrade", project["agent_key"], {"code": "0" * 64})


@gives("GET /v1/telemetry", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/telemetry", project["agent_key"])


@gives("GET /v1/telemetry", 401)
def _(server: Server) -> Answer:
    return server.call("GET", "/v1/telemetry")


@gives("GET /v1/sessions", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/sessions?limit=500&since_minutes=43200", project["agent_key"])


@gives("GET /v1/sessions", 401)
def _(server: Server) -> Answer:
    return server.call("GET", "/v1/sessions", "lk_agent_wrong")


@gives("GET /v1/sessions/{id}", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/sessions/0af7651916cd43dd8448eb211c80319c", project["agent_key"])


@gives("GET /v1/sessions/{id}", 401)
def _(server: Server) -> Answer:
    return server.call("GET", "/v1/sessions/any")


@gives("GET /v1/sessions/{id}", 404)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/sessions/nobody", project["agent_key"])


@gives("POST /v1/traces", 202)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/traces", project["producer_key"], one_failure())


@gives("POST /v1/traces", 400)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/traces", project["producer_key"], b"{", **{"Content-Type": "application/json"})


@gives("POST /v1/traces", 401)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/traces", data=one_failure())


@gives("POST /v1/runs/diagnose", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("POST", "/v1/runs/diagnose", project["agent_key"], {})


@gives("POST /v1/runs/diagnose", 401)
def _(server: Server) -> Answer:
    return server.call("POST", "/v1/runs/diagnose", data={})


@gives("GET /v1/dashboard", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/dashboard", project["agent_key"])


@gives("GET /v1/reports/latest.md", 200)
def _(server: Server, project: dict[str, Any]) -> Answer:
    return server.call("GET", "/v1/reports/latest.md", project["agent_key"])


@gives("GET /health", 200)
def _(server: Server) -> Answer:
    return server.call("GET", "/health")


def asked(operation: str, code: str, request: pytest.FixtureRequest) -> Answer:
    """The server's answer, given the fixtures that its function names."""
    ask = ASKS[operation, code]
    names = ask.__code__.co_varnames[: ask.__code__.co_argcount]
    return ask(*[request.getfixturevalue(name) for name in names])


def valid(answer: Answer, operation: dict[str, Any], document: dict[str, Any]) -> None:
    """The answer is one that the served document describes."""
    contents = operation["responses"][str(answer.status)]["content"]
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in contents
    if media_type == "application/json":
        schema = contents[media_type]["schema"] | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(("operation", "code"), [answer for answer in ANSWERS if answer not in RACES])
def test_each_documented_answer_is_really_given(
    served: dict[str, Any], operation: str, code: str, request: pytest.FixtureRequest
) -> None:
    answer = asked(operation, code, request)

    assert answer.status == int(code), answer.body
    valid(answer, operation_of(served, operation), served)
    assert ("www-authenticate" in answer.headers) == (code == "401")
    assert ("retry-after" in answer.headers) >= (code == "429")


def test_a_packet_is_valid_by_the_published_schema(server: Server, project: dict[str, Any]) -> None:
    answer = server.call("POST", "/v1/runs/diagnose", project["agent_key"]).json()

    schema = {"$ref": "#/components/schemas/DiagnosisResponse", "components": PUBLISHED["components"]}
    jsonschema.validate(answer, schema, format_checker=jsonschema.FormatChecker())
    packet = answer["packet"]
    assert (packet["since_minutes"], packet["telemetry_read"], packet["failures"]) == (60, 1, 1)
    assert packet["issues"][0].keys() >= PUBLISHED_ISSUE.keys()


PUBLISHED_ISSUE = PUBLISHED["components"]["schemas"]["DiagnosisPacket"]["properties"]["issues"]["items"]["properties"]


@pytest.mark.parametrize("value", ["0", "43201", "sixty", "1.5"])
@pytest.mark.parametrize("path", ["/v1/telemetry", "/v1/sessions", "/v1/sessions/any"])
def test_since_minutes_outside_its_bounds_is_refused(
    server: Server, project: dict[str, Any], path: str, value: str
) -> None:
    answer = server.call("GET", f"{path}?since_minutes={value}", project["agent_key"])

    assert answer.status == 400
    assert "since_minutes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("value", [0, 43201, "sixty"])
def test_a_diagnosis_outside_the_bounds_is_refused(server: Server, project: dict[str, Any], value: Any) -> None:
    answer = server.call("POST", "/v1/runs/diagnose", project["agent_key"], {"since_minutes": value})

    assert answer.status == 400
    assert "since_minutes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("value", ["0", "501", "many"])
def test_a_limit_outside_its_bounds_is_refused(server: Server, project: dict[str, Any], value: str) -> None:
    assert server.call("GET", f"/v1/sessions?limit={value}", project["agent_key"]).status == 400


def test_environment_chooses_sessions(server: Server, project: dict[str, Any]) -> None:
    answer = server.call("GET", "/v1/sessions?environment=nowhere", project["agent_key"])

    assert answer.json()["sessions"] == []
