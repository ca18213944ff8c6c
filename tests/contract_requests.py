"""For each answer that the published contract documents: a request that makes a running server give it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tenants.keys.credentials import recovery_code, upgrade_code
from tests.server import Answer, Server

TRACE = "0af7651916cd43dd8448eb211c80319c"
NOW = time.time_ns()
WRONG_CODE = "0" * 64


class Places:
    """`server`, `project`, `strict`, `secretless`: fixtures, made when an ask first names them."""

    def __init__(self, fixture: Callable[[str], Any]) -> None:
        self.fixture = fixture

    def __getattr__(self, name: str) -> Any:
        return self.fixture(name)

    def signed_up(self) -> dict[str, Any]:
        """A fresh project's keys."""
        return dict(self.server.call("POST", "/v1/signup", data={}).json())

    def post(self, path: str, key: str = "", **fields: Any) -> Answer:
        """JSON to the usual server."""
        return self.server.call("POST", path, key, fields)

    def get(self, path: str, key: str = "") -> Answer:
        """From the usual server, with the project's agent key."""
        return self.server.call("GET", path, key or self.project["agent_key"])


def one_failure() -> dict[str, Any]:
    """An OTLP/JSON request with a failing tool call of just now; the same span however often it is sent."""
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.call.arguments": '{"order_id": "A-1"}',
        "error.type": "NotFound",
    }
    span = {
        "traceId": TRACE,
        "spanId": "b7ad6b7169203331",
        "name": "execute_tool lookup",
        "startTimeUnixNano": str(NOW - 10**9),
        "endTimeUnixNano": str(NOW),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        "status": {"code": 2, "message": "not found"},
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def last_of(server: Server, path: str, bodies: list[dict[str, Any]]) -> Answer:
    """The answer to the last of several requests."""
    return [server.call("POST", path, data=body) for body in bodies][-1]


def secret_of(server: Server) -> str:
    """What the instance made for itself on its first start."""
    return (server.data_dir / "secrets" / "signup-upgrade").read_text().strip()


def recover_own(at: Places) -> Answer:
    """With the code of a signup."""
    lost = at.signed_up()
    return at.post("/v1/recover", project_id=lost["project_id"], recovery_code=lost["recovery_code"])


def recover_nobody(at: Places) -> Answer:
    """With a true code of a project that is not there."""
    code = recovery_code(secret_of(at.server), "nobody-00000000")
    return at.post("/v1/recover", project_id="nobody-00000000", recovery_code=code)


def upgrade(at: Places) -> Answer:
    """With the code that an operator would hand out."""
    made = at.signed_up()
    code = upgrade_code(secret_of(at.server), made["project_id"])
    return at.post("/v1/signup/upgrade", made["agent_key"], code=code)


def broken_json(at: Places) -> Answer:
    """A body that ends early."""
    headers = {"Content-Type": "application/json"}
    return at.server.call("POST", "/v1/traces", at.project["producer_key"], b"{", **headers)


GUESS = {"project_id": "x", "recovery_code": WRONG_CODE}
ASKS: dict[tuple[str, int], Callable[[Places], Answer]] = {
    ("POST /v1/provision", 200): lambda at: at.post(
        "/v1/provision", at.project["producer_key"], project_name="contract"
    ),
    ("POST /v1/provision", 201): lambda at: at.post(
        "/v1/provision", project_name="fresh", operator="contract"
    ),
    ("POST /v1/provision", 400): lambda at: at.post("/v1/provision"),
    ("POST /v1/provision", 401): lambda at: at.post("/v1/provision", project_name=at.project["project_name"]),
    ("POST /v1/provision", 403): lambda at: at.post(
        "/v1/provision", at.signed_up()["agent_key"], project_name=at.project["project_name"]
    ),
    ("POST /v1/provision", 429): lambda at: last_of(
        at.strict, "/v1/provision", [{"project_name": f"many {n}"} for n in range(4)]
    ),
    ("POST /v1/recover", 200): recover_own,
    ("POST /v1/recover", 400): lambda at: at.post("/v1/recover", project_id="x"),
    ("POST /v1/recover", 403): lambda at: at.post(
        "/v1/recover", **GUESS | {"project_id": at.project["project_id"]}
    ),
    ("POST /v1/recover", 404): recover_nobody,
    ("POST /v1/recover", 429): lambda at: last_of(at.strict, "/v1/recover", [GUESS] * 4),
    ("POST /v1/recover", 503): lambda at: at.secretless.call("POST", "/v1/recover", data=GUESS),
    ("POST /v1/signup/upgrade", 200): upgrade,
    ("POST /v1/signup/upgrade", 401): lambda at: at.post("/v1/signup/upgrade", code=WRONG_CODE),
    ("POST /v1/signup/upgrade", 403): lambda at: at.post(
        "/v1/signup/upgrade", at.project["agent_key"], code=WRONG_CODE
    ),
    ("GET /v1/telemetry", 200): lambda at: at.get("/v1/telemetry"),
    ("GET /v1/telemetry", 401): lambda at: at.server.call("GET", "/v1/telemetry"),
    ("GET /v1/sessions", 200): lambda at: at.get("/v1/sessions?limit=500&since_minutes=43200"),
    ("GET /v1/sessions", 401): lambda at: at.get("/v1/sessions", "lk_agent_wrong"),
    ("GET /v1/sessions/{id}", 200): lambda at: at.get(f"/v1/sessions/{TRACE}"),
    ("GET /v1/sessions/{id}", 401): lambda at: at.server.call("GET", f"/v1/sessions/{TRACE}"),
    ("GET /v1/sessions/{id}", 404): lambda at: at.get("/v1/sessions/nobody"),
    ("POST /v1/traces", 202): lambda at: at.post("/v1/traces", at.project["producer_key"], **one_failure()),
    ("POST /v1/traces", 400): broken_json,
    ("POST /v1/traces", 401): lambda at: at.post("/v1/traces", **one_failure()),
    ("POST /v1/runs/diagnose", 200): lambda at: at.post("/v1/runs/diagnose", at.project["agent_key"]),
    ("POST /v1/runs/diagnose", 401): lambda at: at.post("/v1/runs/diagnose"),
    ("GET /v1/dashboard", 200): lambda at: at.get("/v1/dashboard"),
    ("GET /v1/reports/latest.md", 200): lambda at: at.get("/v1/reports/latest.md"),
    ("GET /health", 200): lambda at: at.server.call("GET", "/health"),
}
