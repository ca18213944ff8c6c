"""A convention is one file: it is found, has its place, and says where it comes from."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

from telemetry import conventions
from telemetry.conventions.registry import Convention, ConventionRegistry
from telemetry.discovery import PlaceUnclear, in_order
from telemetry.grouping.versions import NEWEST
from telemetry.normalise import normalise
from telemetry.spans.span import STATUS_OK
from telemetry.store.row import RecordRow
from tests.telemetry.span_builders import exception, make_span

ACME = """
from telemetry.conventions.facts import AttributeNames, extract_facts
from telemetry.spans.meaning import Meaning

UNITS = {"embed": "llm_call", "ask": "llm_call", "part": "graph_node"}

BEFORE = ("genai",)
SCOPES = ("acme*",)
MARKERS = frozenset({"acme.kind"})
TOOLS_OFFERED = ("acme.tools",)
TOOL_CALLS = ("acme.calls.",)
FAILED_TOOL = {"acme.ok": "no"}
EXPECTED = ("acme.wanted",)
FAILS_WITHOUT_STATUS = True

NAMES = AttributeNames(tool=("acme.tool",), kind=("acme.kind",), component=("acme.part",), finish=("acme.end",))

def read(span):
    return extract_facts(span, NAMES, Meaning(UNITS.get(span.attributes.get("acme.kind"), "tool_call")))

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
    monkeypatch.setattr(conventions, "CONVENTIONS", ConventionRegistry(conventions.__name__, folders))
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

    assert (conventions.read_meaning(by_marker).tool, conventions.read_meaning(by_marker).session_id) == (
        "refund",
        "s1",
    )
    assert conventions.read_meaning(by_scope).unit == "tool_call"
    captured = conventions.capture_of(by_marker)
    assert captured is not None
    assert (captured.input, captured.replayable) == ({"n": 1}, True)


@pytest.mark.usefixtures("with_acme")
def test_the_one_file_says_what_else_its_client_does() -> None:
    def record(**attributes: object) -> RecordRow:
        return normalise(make_span(attributes={f"acme.{n}": v for n, v in attributes.items()}), NEWEST)

    offered = {"tools": '[{"name": "refund"}]', "calls.0.tool_calls.0.name": "cancel", "end": "tool_calls"}
    raised = make_span("work", scope="acme", status_code=STATUS_OK, events=[exception(type="Boom")])

    assert record(kind="embed").operation == "embeddings"
    assert record(kind="part", part="planner").operation == "work planner"
    assert record(kind="ask", **offered).signal_type == "malformed_output"
    assert record(kind="tool", ok="no").signal_type == "tool_call_failed"
    assert record(kind="tool", ok="yes").signal_type == ""
    assert normalise(raised, NEWEST).error_type == "Boom"
    captured = conventions.capture_of(make_span(attributes={"acme.kind": "tool", "acme.wanted": "42"}))
    assert captured is not None
    assert captured.expected == "42"


def test_of_two_that_know_a_span_the_special_one_is_asked_first() -> None:
    names = [one.__name__.rpartition(".")[2] for one in conventions.CONVENTIONS.conventions]

    assert names[-1] == "genai"
    for convention in conventions.CONVENTIONS.conventions:
        place = names.index(convention.__name__.rpartition(".")[2])
        assert all(place < names.index(other) for other in convention.BEFORE)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"a": ("b",), "b": ("a",)}, "BEFORE each other: .*a"),
        ({"a": ("nobody",)}, "a is BEFORE 'nobody', which is not there"),
    ],
)
def test_an_order_that_cannot_be_is_named(before: dict[str, tuple[str, ...]], reason: str) -> None:
    modules = [ModuleType(name) for name in before]
    for module in modules:
        vars(module)["BEFORE"] = before[module.__name__]

    with pytest.raises(PlaceUnclear, match=reason):
        in_order(modules)


def test_common_modules_come_as_early_as_their_place_allows() -> None:
    before = {"a": (), "b": ("d",), "c": (), "d": ()}
    modules = [ModuleType(name) for name in before]
    for module in modules:
        vars(module)["BEFORE"] = before[module.__name__]

    assert [module.__name__ for module in in_order(modules)] == ["a", "b", "c", "d"]
    assert [module.__name__ for module in in_order(modules, ("d", "c"))] == ["c", "a", "b", "d"]


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
    found = conventions.convention_of(make_span(scope=scope, attributes=dict(attributes)))

    assert (found and found.__name__.rpartition(".")[2]) == expected


@pytest.mark.parametrize("convention", conventions.CONVENTIONS.conventions, ids=lambda one: one.__name__)
def test_each_names_its_source(convention: Convention) -> None:
    assert "https://" in (inspect.getdoc(convention) or "")


@pytest.mark.parametrize("convention", conventions.CONVENTIONS.conventions, ids=lambda one: one.__name__)
def test_each_reads_the_general_session_and_user(convention: Convention) -> None:
    meaning = convention.read(make_span(attributes={"session.id": "s1", "user.id": "u1"}))

    assert (meaning.session_id, meaning.user_id) == ("s1", "u1")
