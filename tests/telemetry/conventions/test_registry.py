"""A convention is one file: it is found, has its place, and says where it comes from."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from telemetry import conventions
from telemetry.conventions.registry import Convention, Registry
from tests.telemetry.span_builders import make_span

ACME = """
from telemetry.conventions.facts import Names, stated

RANK = 1
SCOPES = ("acme*",)
MARKERS = frozenset({"acme.kind"})

def read(span):
    return stated(span.attributes, Names(tool=("acme.tool",)), "tool_call")

def input_of(span):
    return span.attributes.get("acme.arguments")

def output_of(span):
    return None
"""


@pytest.fixture
def with_acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more file in the package's folder, and nothing else."""
    (tmp_path / "acme.py").write_text(ACME)
    folders = [*conventions.__path__, str(tmp_path)]
    monkeypatch.setattr(conventions, "__path__", folders)
    monkeypatch.setattr(conventions, "CONVENTIONS", Registry(conventions.__name__, folders))
    monkeypatch.delitem(sys.modules, "telemetry.conventions.acme")
    monkeypatch.delattr(conventions, "acme")


@pytest.mark.usefixtures("with_acme")
def test_a_new_convention_is_one_new_file() -> None:
    attributes = {
        "acme.kind": "tool",
        "acme.tool": "refund",
        "acme.arguments": '{"n": 1}',
        "session.id": "s1",
    }

    by_marker = make_span(attributes=attributes)
    by_scope = make_span(scope="acme.agents", attributes={"acme.tool": "refund"})

    assert (conventions.read(by_marker).tool, conventions.read(by_marker).session_id) == ("refund", "s1")
    assert conventions.read(by_scope).unit == "tool_call"
    captured = conventions.capture(by_marker)
    assert captured is not None
    assert (captured.input, captured.replayable) == ({"n": 1}, True)


def test_their_order_is_in_the_files_alone() -> None:
    ranks = [convention.RANK for convention in conventions.CONVENTIONS.conventions]

    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize(
    ("scope", "attributes", "expected"),
    [
        ("ai", {"gen_ai.system": "openai"}, "vercel"),
        ("langsmith", {"gen_ai.operation.name": "chat"}, "langsmith"),
        ("app", {"openinference.span.kind": "LLM", "gen_ai.system": "openai"}, "openinference"),
        ("@arizeai/openinference-instrumentation-openai", {}, "openinference"),
        ("app", {"llm.request.type": "chat", "gen_ai.system": "openai"}, "traceloop"),
        ("app", {"mcp.method.name": "tools/call", "gen_ai.tool.name": "x"}, "mcp"),
        ("ai", {"ai.operationId": "ai.toolCall", "langfuse.observation.input": "x"}, "vercel"),
        ("aiohttp", {"langfuse.trace.name": "x"}, None),
        ("x" * 100_000, {"http.request.method": "GET"}, None),
    ],
)
def test_the_more_special_convention_reads_a_span(
    scope: str, attributes: dict[str, str], expected: str | None
) -> None:
    found = conventions.of(make_span(scope=scope, attributes=dict(attributes)))

    assert (found and found.__name__.rpartition(".")[2]) == expected


@pytest.mark.parametrize("convention", conventions.CONVENTIONS.conventions, ids=lambda one: one.__name__)
def test_each_names_its_source(convention: Convention) -> None:
    assert "https://" in (inspect.getdoc(convention) or "")


@pytest.mark.parametrize("convention", conventions.CONVENTIONS.conventions, ids=lambda one: one.__name__)
def test_each_reads_the_general_session_and_user(convention: Convention) -> None:
    meaning = convention.read(make_span(attributes={"session.id": "s1", "user.id": "u1"}))

    assert (meaning.session_id, meaning.user_id) == ("s1", "u1")
