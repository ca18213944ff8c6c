"""
What the loop costs an agent in tokens: `python -m benchmarks.agent_tokens`.

A scripted agent goes from the documents to five fixes that held, once over HTTP with budgets and once over MCP; a
person approves in the admin, and the application sends its spans, which costs the agent nothing. Counted is what the
agent sends and reads: JSON at 2.5 characters a token, as budgets count it, other text at 3.3.
docs/benchmarks.md#tokens-of-an-agent
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks import servers
from tests.browser_forms import Person
from tests.server import Server, free_port, server_of
from tests.shared_server import password_in

JSON_CHARACTERS, TEXT_CHARACTERS = 2.5, 3.3  # a token
MOST_TOKENS = 30_000
BEFORE, AFTER = 200, 700  # records of each operation before and after the fix
# Operation, error and one of how many records it fails: what the agent is to find.
BUGS = (
    ("execute_tool lookup_order", "OrderNotFound", "order A-{n} not found", 4),
    ("price_cart", "ZeroDivisionError", "division by zero", 5),
    ("execute_tool search_catalog", "TimeoutError", "search took longer than 5 s", 6),
    ("POST /refunds", "CurrencyError", "no rate for JPY", 7),
    ("write_invoice", "KeyError", "'vat_id'", 8),
)
NAME = "agent-tokens"


@dataclass(slots=True)
class Meter:
    """What one agent has sent and read so far, by what it was for."""

    tokens: dict[str, int] = field(default_factory=dict)
    requests: int = 0

    def count(self, step: str, sent: bytes, read: bytes, is_json: bool) -> None:
        """Count a request."""
        size = len(sent.decode()) / JSON_CHARACTERS
        size += len(read.decode()) / (JSON_CHARACTERS if is_json else TEXT_CHARACTERS)
        self.tokens[step] = self.tokens.get(step, 0) + round(size)
        self.requests += 1

    @property
    def total(self) -> int:
        """All tokens."""
        return sum(self.tokens.values())


@dataclass(slots=True)
class HttpAgent:
    """An agent that reads the guide and calls paths with budgets."""

    server: Server
    meter: Meter
    key: str = ""

    def read_documents(self) -> None:
        """What it begins with."""
        for path in ("/llms.txt", "/agents.md"):
            self.ask("documents", "GET", path)

    def ask(self, step: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request, which is counted."""
        answer = self.server.call(method, path, self.key, body)
        assert answer.status < 300, (path, answer.body)
        is_json = "json" in answer.headers["content-type"]
        self.meter.count(step, (path + (str(body) if body else "")).encode(), answer.body, is_json)
        return answer.json() if is_json else answer.body.decode()

    def diagnose(self) -> Any:
        """The issues."""
        return self.ask("diagnose", "POST", "/v1/runs/diagnose?budget=4000", {"since_minutes": 60})

    def issue(self, packet_id: str, cluster_id: str) -> Any:
        """One of them."""
        return self.ask("issues", "GET", f"/v1/packets/{packet_id}/issues/{cluster_id}?budget=1200")

    def approved(self) -> list[Any]:
        """The work list."""
        return list(self.ask("work list", "GET", "/v1/loops?state=approved&budget=1500")["loops"])

    def handoff(self, loop_id: str) -> Any:
        """What was approved."""
        return self.ask("handoffs", "GET", f"/v1/loops/{loop_id}/handoff?budget=1000")

    def eval_file(self, loop_id: str, eval_id: str) -> None:
        """The test, which is written to a file and not read."""
        path = f"/v1/evals/{eval_id}?format=pytest"
        answer = self.server.call("GET", path, self.key)
        assert answer.status == 200, answer.body
        self.meter.count("evals", path.encode(), b"", is_json=True)

    def report(self, loop_id: str, eval_id: str, kind: str, **fields: Any) -> Any:
        """A report of what was done."""
        if kind == "eval_result":
            return self.ask("reports", "POST", "/v1/evals", {"eval_id": eval_id} | fields)
        path = f"/v1/loops/{loop_id}/events?budget=500"
        return self.ask("reports", "POST", path, {"kind": kind} | fields)

    def verify(self, loop_id: str) -> Any:
        """Whether it held."""
        return self.ask("verify", "POST", "/v1/runs/verify?budget=600", {"loop_id": loop_id})


@dataclass(slots=True)
class McpAgent:
    """An agent whose client lists the tools once and calls them."""

    server: Server
    meter: Meter
    key: str = ""

    def read_documents(self) -> None:
        """What a client puts before the model."""
        self.send("documents", "initialize", {"protocolVersion": "2025-11-25"})
        self.send("documents", "tools/list", {})

    def send(self, step: str, method: str, params: dict[str, Any]) -> Any:
        """The result of a message. The model reads a tool's answer once, as text or as data."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.server.call("POST", "/mcp", self.key, message)
        result = answer.json()["result"]
        assert not result.get("isError"), result
        read = result.get("structuredContent", result)
        self.meter.count(step, orjson.dumps(params), orjson.dumps(read), is_json=True)
        return read

    def tool(self, step: str, name: str, **arguments: Any) -> Any:
        """The answer of a tool."""
        return self.send(step, "tools/call", {"name": f"loopkit_{name}", "arguments": arguments})

    def diagnose(self) -> Any:
        """The issues."""
        return self.tool("diagnose", "diagnose")

    def issue(self, packet_id: str, cluster_id: str) -> Any:
        """One of them."""
        return self.tool("issues", "issue", cluster_id=cluster_id, budget=1200)

    def approved(self) -> list[Any]:
        """The work list."""
        return list(self.tool("work list", "loops", state="approved")["loops"])

    def handoff(self, loop_id: str) -> Any:
        """What was approved."""
        return self.tool("handoffs", "handoff", loop_id=loop_id, budget=1000)

    def eval_file(self, loop_id: str, eval_id: str) -> Any:
        """The test."""
        return self.tool("evals", "eval_spec", loop_id=loop_id, format="json")

    def report(self, loop_id: str, eval_id: str, kind: str, **fields: Any) -> Any:
        """A report of what was done."""
        return self.tool("reports", "report", loop_id=loop_id, kind=kind, **fields)

    def verify(self, loop_id: str) -> Any:
        """Whether it held."""
        return self.tool("verify", "verify", loop_id=loop_id, budget=600)


Agent = HttpAgent | McpAgent


def traffic(records: int, release: str, end_nano: int, spread_nano: int, is_fixed: bool) -> Iterator[bytes]:
    """Requests with so many records of each operation, spread over the time before the end."""
    for number, (operation, error, message, one_in) in enumerate(BUGS):
        spans = []
        for n in range(records):
            start = end_nano - spread_nano + spread_nano * n // records
            fails = not is_fixed and n % one_in == 0
            status = {"code": 2, "message": message.replace("{n}", str(n))} if fails else {}
            spans.append(
                {
                    "traceId": f"{number + 1:04x}{len(release):04x}{end_nano:016x}{n:08x}",
                    "spanId": f"{number + 1:08x}{n + 1:08x}",
                    "name": operation,
                    "kind": 2,
                    "startTimeUnixNano": str(start),
                    "endTimeUnixNano": str(start + 20_000_000),
                    "status": status,
                    "attributes": attributes(operation, n, error if fails else ""),
                }
            )
        resource = {"attributes": [text("service.name", "shop"), text("service.version", release)]}
        yield orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})


def attributes(operation: str, n: int, error: str) -> list[dict[str, Any]]:
    """What instrumentation writes of a request or of a call of a tool."""
    facts = {"session.id": f"s{n % 40}"} | ({"error.type": error} if error else {})
    tool = operation.removeprefix("execute_tool ")
    if tool == operation:
        return [text(name, value) for name, value in (facts | {"shop.order_id": f"A-{n}"}).items()]
    call = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    call |= {"gen_ai.tool.call.arguments": f'{{"order_id": "A-{n}"}}'}
    return [text(name, value) for name, value in (facts | call).items()]


def text(name: str, value: str) -> dict[str, Any]:
    """An attribute."""
    return {"key": name, "value": {"stringValue": value}}


def send_traffic(server: Server, key: str, records: int, release: str, spread_seconds: float) -> None:
    """Send what ran until now; with the second release all is repaired."""
    spread = int(spread_seconds * 1e9)
    for body in traffic(records, release, time.time_ns(), spread, is_fixed=release != "1.0.0"):
        answer = server.call("POST", "/v1/traces", key, body, **{"Content-Type": "application/json"})
        assert answer.status == 202, answer.body


def approve(person: Person, loop_ids: list[str]) -> None:
    """A person approves each loop."""
    for loop_id in loop_ids:
        person.send(f"/admin/diagnosis/loop/{loop_id}/change/", verb="approve", reason="seen")


def whole_loop(server: Server, person: Person, agent: Agent, name: str) -> dict[str, Any]:
    """The loop of all bugs, from the documents to the verdicts; what was found and what it took."""
    keys = server.provision(name)
    agent.key = keys["agent_key"]
    agent.read_documents()
    send_traffic(server, keys["producer_key"], BEFORE, "1.0.0", 1800)
    packet = agent.diagnose()
    to_clusters = agent.meter.total
    found = packet["issues"]
    issues = {each["loop_id"]: agent.issue(packet["packet_id"], each["cluster_id"]) for each in found}
    approve(person, list(issues))
    work = [loop["loop_id"] for loop in agent.approved()]
    for loop_id in work:
        agent.handoff(loop_id)
        eval_id = issues[loop_id]["eval_id"]
        agent.eval_file(loop_id, eval_id)
        agent.report(loop_id, eval_id, "eval_result", passed=True)
        agent.report(loop_id, eval_id, "pr_opened", url="https://git.example/pr/7")
        agent.report(loop_id, eval_id, "merged")
        agent.report(loop_id, eval_id, "shipped", release="1.1.0")
    time.sleep(3)
    send_traffic(server, keys["producer_key"], AFTER, "1.1.0", 2)
    verdicts = [agent.verify(loop_id)["verdict"] for loop_id in work]
    return {
        "issues": len(found),
        "held": verdicts.count("held"),
        "tokens to the clusters": to_clusters,
        "requests": agent.meter.requests,
    }


def printed(name: str, meter: Meter, result: dict[str, Any]) -> str:
    """The lines of one agent."""
    steps = "\n".join(f"  {step:<12}{tokens:>8,}" for step, tokens in meter.tokens.items())
    facts = ", ".join(f"{fact} {number:,}" for fact, number in result.items())
    return f"{name}: {meter.total:,} tokens; {facts}\n{steps}"


def main() -> None:
    """Run both agents and print their figures. Exits with 1 above the goal, or where a fix did not hold."""
    agents: dict[str, Callable[..., Agent]] = {"HTTP with budgets": HttpAgent, "MCP": McpAgent}
    is_good = True
    with tempfile.TemporaryDirectory() as folder:
        server = server_of(Path(folder), free_port())
        password = password_in(server.manage("prepare"))
        with servers.loopkit(server):
            person = Person(server.url)
            person.sign_in("admin", password)
            print(f"goal: at most {MOST_TOKENS:,} tokens, and {len(BUGS)} fixes held")
            for number, (name, make) in enumerate(agents.items()):
                meter = Meter()
                result = whole_loop(server, person, make(server, meter), f"{NAME}-{number}")
                print(printed(name, meter, result))
                is_good &= meter.total <= MOST_TOKENS and result["held"] == len(BUGS)
    raise SystemExit(0 if is_good else 1)


if __name__ == "__main__":
    main()
