"""Which of the failing spans of one trace is charged: the one that knows most of the failure."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.grouping.attribution import attribute
from telemetry.grouping.versions import SECOND
from telemetry.spans.failing_record import FailingRecord
from tests.diagnosis.failing_records import failing, parents

INTERNAL, SERVER, CLIENT = 1, 2, 3
BARE = {"error_type": "503", "message": "HTTP 503"}


def step(span: str, **facts: Any) -> FailingRecord:
    """A failing span without a unit of work."""
    plain = {
        "unit": "",
        "tool": "",
        "signal_type": "error",
        "kind": INTERNAL,
        "operation": span,
        "error_type": "",
    }
    return failing(span, **{"fingerprint": hash(span), "message": "the stock was empty", **plain, **facts})


def call(span: str, unit: str = "tool_call", **facts: Any) -> FailingRecord:
    """A failing call of a tool or a model."""
    return failing(
        span, **{"fingerprint": hash(span), "unit": unit, "operation": span, "tool": span, **facts}
    )


def charged(*spans: FailingRecord, **others: str) -> list[str]:
    """The names of the spans that are charged; `others`: healthy spans and their parents."""
    links = [(span.span_id, span.parent_span_id) for span in spans if span.parent_span_id]
    known = {(spans[0].trace_id, child): parent for child, parent in links} | parents(*others.items())
    return [item.primary.span_id.decode().rstrip(".") for item in attribute(spans, known)]


@pytest.mark.parametrize("unit", ["llm_call", "tool_call", "retrieval"])
@pytest.mark.parametrize("below", [BARE, {"message": "connection reset", "error_type": "ConnectionError"}])
def test_a_call_of_an_agent_is_charged_for_the_request_that_it_made(unit: str, below: dict[str, str]) -> None:
    post = step("post", parent="pool", kind=CLIENT, **below)
    pool = step("pool", parent="call", message="pool timeout")

    assert charged(call("call", unit), pool, post) == ["call"]


def test_a_call_that_knows_nothing_is_not_charged_for_one_below_that_does() -> None:
    lookup = call("lookup", error_type="", message="lookup", operation="lookup")

    assert charged(lookup, step("query", parent="lookup", error_type="KeyError")) == ["query"]


def model_call(span: str, model: str = "", **facts: Any) -> FailingRecord:
    """A failing call of a model."""
    return call(span, "llm_call", signal_type="llm_call_failed", model=model, **facts)


def test_a_model_call_without_a_model_is_charged_to_the_one_directly_around_it() -> None:
    assert charged(model_call("chat", "gpt-x"), model_call("request", parent="chat")) == ["chat"]
    assert charged(model_call("request", parent="chat"), model_call("chat", "gpt-x")) == ["chat"]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ({"model": ""}, {}),
        ({"model": "gpt-x", **BARE}, {}),  # knows less than the inner one
        ({"model": "gpt-x", "service": "gateway"}, {}),
        ({"model": "gpt-x"}, {"model": "gpt-y"}),  # a router: both name one
    ],
)
def test_other_model_calls_inside_each_other_stay_the_innermost(
    outer: dict[str, str], inner: dict[str, str]
) -> None:
    assert charged(model_call("chat", **outer), model_call("request", parent="chat", **inner)) == ["request"]


def test_a_model_call_of_an_agent_inside_a_model_call_is_its_own() -> None:
    spans = model_call("chat", "gpt-x"), model_call("request", parent="agent")

    assert charged(*spans, agent="chat") == ["request"]


def test_a_service_that_a_tool_asked_stays_the_cause() -> None:
    lookup, asked = call("lookup"), step("get", parent="lookup", kind=CLIENT, **BARE)
    answered = step("server", parent="get", kind=SERVER, service="stock", error_type="KeyError")

    assert charged(lookup, asked, answered) == ["server"]


def test_an_agent_that_a_tool_ran_keeps_its_own_failures() -> None:
    inner = step("inner", parent="lookup", unit="graph_node", message="no plan was found")

    assert charged(call("lookup"), inner, step("get", parent="inner", kind=CLIENT, **BARE)) == ["inner"]


def test_a_span_that_says_only_its_name_is_charged_to_the_exception_around_it() -> None:
    around = step("server", kind=SERVER, error_type="KeyError", message="'total'")

    assert charged(around, step("validate order", parent="server", message="validate order")) == ["server"]


def test_a_span_with_another_status_than_the_server_stays_the_cause() -> None:
    server = step("server", kind=SERVER, error_type="502", message="HTTP 502")

    assert charged(server, step("fetch stock", parent="server", **BARE)) == ["fetch stock"]


@pytest.mark.parametrize("status", ["HTTP 503", "503", "Service Unavailable"])
def test_a_span_that_mirrors_the_servers_status_is_no_cause_however_it_says_it(status: str) -> None:
    server = step("server", kind=SERVER, **BARE)

    assert charged(server, step("request", parent="server", error_type="", message=status)) == ["server"]


def test_a_request_to_another_service_is_no_mirror_of_the_server() -> None:
    assert charged(
        step("server", kind=SERVER, **BARE), step("get", parent="server", kind=CLIENT, **BARE)
    ) == ["get"]


def test_a_class_alone_says_less_than_the_request_that_failed() -> None:
    server = step("server", kind=SERVER, error_type="HttpRequestException", message="HTTP 500")

    assert charged(server, step("get", parent="server", kind=CLIENT, **BARE)) == ["get"]
    assert charged(server, step("mirror", parent="server", error_type="500", message="HTTP 500")) == [
        "server"
    ]


def test_a_service_that_calls_itself_has_two_requests() -> None:
    outer = step("outer", kind=SERVER, error_type="StockError")
    get = step("get", parent="outer", kind=CLIENT, **BARE)

    assert charged(outer, get, step("inner", parent="get", kind=SERVER, **BARE)) == ["inner"]


def test_spans_side_by_side_with_one_failure_are_charged_to_the_one_with_the_class() -> None:
    mapper = step("mapper", at=1, parent="root", kind=CLIENT, scope_id=1)
    driver = step("driver", at=2, parent="root", kind=CLIENT, scope_id=2, error_type="sqlite3.IntegrityError")

    assert charged(mapper, driver) == ["driver"]


def test_a_model_call_that_ends_with_the_exception_of_a_tool_is_downstream_of_it() -> None:
    said = {"error_type": "json.JSONDecodeError", "message": "Expecting value: line 1 column 1 (char 0)"}
    spans = [
        call("lookup", at=1, parent="agent", **said),
        call("chat", "llm_call", at=2, parent="agent", **said),
    ]

    [item] = attribute(spans, {})

    assert (item.primary, item.downstream) == (spans[0], [spans[1]])


def test_what_is_around_a_repeated_failure_is_no_failure_of_its_own() -> None:
    mapper = step("mapper", at=1, parent="session", kind=CLIENT, scope_id=1)
    session = step("session", parent="root", message="the transaction was rolled back")
    driver = step("driver", at=2, parent="root", kind=CLIENT, scope_id=2, error_type="sqlite3.IntegrityError")

    assert charged(session, mapper, driver) == ["driver"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (call("pay"), call("refund")),  # two tools
        (step("get stock", kind=CLIENT), step("get price", kind=CLIENT)),  # two requests of one client
        (step("a", error_type="KeyError"), step("b", error_type="StockError")),
        (step("a", service="shop"), step("b", service="stock")),
        (
            step("a", message="connection refused"),
            step("b", message="connection refused"),
        ),  # fits any failure
    ],
)
def test_failures_that_may_be_two_stay_two(one: FailingRecord, other: FailingRecord) -> None:
    assert len(charged(one, other)) == 2


def test_tries_of_one_call_are_each_charged() -> None:
    tries = [call(f"try {number}", at=number, fingerprint=7) for number in range(3)]

    assert len(charged(*tries)) == 3


def test_spans_that_mirror_each_other_in_a_circle_are_charged_once() -> None:
    one, other = (
        step("one", parent="other", kind=SERVER, **BARE),
        step("other", parent="one", kind=SERVER, **BARE),
    )

    assert len(charged(one, other)) == 1


CUT = {
    "unit": "llm_call",
    "signal_type": "output_truncated",
    "error_type": "",
    "message": "the model stopped early: length",
}
LIMITS = [
    {"error_type": "MaxTokensReachedException", "message": "the agent cannot go on"},
    {"error_type": "RuntimeError", "message": "the answer was cut: finish_reason=length"},
    {"error_type": "", "message": "Could not parse response content as the length limit was reached"},
]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_step_that_fails_because_an_answer_was_cut_is_downstream_of_it(limit: dict[str, str]) -> None:
    chat = call("chat", **CUT, parent="cycle")
    cycle = step("cycle", parent="agent", unit="graph_node", **limit)
    agent = step("agent", unit="graph_node", **limit)

    assert charged(agent, cycle, chat) == ["chat"]
    assert [span.span_id.decode().rstrip(".") for span in attribute([agent, cycle, chat], {})[0].downstream] == [
        "cycle", "agent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("signal_type", "said"),
    [
        ("answer_refused", "Content filter triggered. Finish reason: content_filter"),
        ("answer_refused", "the model refused to answer"),
        ("empty_answer", "Invalid response from LLM call - None or empty."),
        ("empty_answer", "Received a message without content"),
        ("empty_answer", "Error while parsing tool call from model output: it has no JSON blob"),
    ],
)
def test_a_step_that_says_what_was_wrong_with_the_answer_is_downstream_of_it(
    signal_type: str, said: str
) -> None:
    chat = call("chat", unit="llm_call", signal_type=signal_type, message="no answer", parent="step")

    assert charged(step("step", unit="graph_node", message=said), chat) == ["chat"]
    other = step("step", unit="graph_node", message="the order has no address")
    assert sorted(charged(other, chat)) == ["chat", "step"]


def test_a_step_that_fails_for_another_reason_than_a_cut_answer_inside_is_a_failure_of_its_own() -> None:
    agent = step("agent", unit="graph_node", message="the order has no address")

    assert charged(agent, call("chat", **CUT, parent="agent")) == ["agent", "chat"]


TOLD = {"unit": "llm_call", "signal_type": "tool_call_failed"}


def test_a_failure_that_a_model_was_told_of_is_charged_to_the_tool_before_it() -> None:
    lookup, other = call("lookup", at=1), call("refund", at=3, message="too much was refunded")

    assert charged(lookup, call("chat", **TOLD, at=2)) == ["lookup"]
    assert charged(call("chat", **TOLD, at=2), other) == ["chat", "refund"]
    assert charged(call("chat", **TOLD, at=2), call("lookup", at=1, service="stock")) == ["lookup", "chat"]


def test_a_failure_that_a_step_recorded_before_is_charged_to_the_step() -> None:
    failed = step("step", at=1, message="order 7 was not found")

    assert charged(failed, call("chat", **TOLD, at=2, message="Error: order 7 was not found.")) == ["step"]
    assert charged(failed, call("chat", **TOLD, at=2, message="Error: the shop is closed")) == [
        "step",
        "chat",
    ]


def test_what_ends_with_the_exception_of_a_call_that_was_malformed_is_downstream_of_the_answer() -> None:
    malformed = {"unit": "llm_call", "signal_type": "malformed_output", "error_type": "malformed_arguments"}
    said = {"error_type": "json.JSONDecodeError", "message": "Expecting value: line 1 column 1 (char 0)"}
    asked = call("chat1", **malformed, at=1, message="the arguments of the call of lookup are no JSON")

    assert charged(asked, call("lookup", at=2, **said), call("chat2", "llm_call", at=3, **said)) == ["chat1"]


def test_a_failure_that_a_model_is_told_of_again_is_one() -> None:
    told = [call(f"chat{number}", **TOLD, at=number, fingerprint=7) for number in range(3)]

    assert charged(*told) == ["chat0"]
    assert charged(*told, call("other", **TOLD, at=4, message="the shop is closed")) == ["chat0", "other"]


def test_what_a_model_is_told_after_a_malformed_call_follows_from_it() -> None:
    malformed = {"unit": "llm_call", "signal_type": "malformed_output", "error_type": "malformed_arguments"}
    asked = call("chat1", **malformed, at=1, message="the arguments of the call of lookup are no JSON")
    told = call("chat2", **TOLD, at=2, message="Error: Expecting ',' delimiter")

    assert charged(asked, told) == ["chat1"]
    assert charged(asked, told, call("chat3", **TOLD, at=3)) == ["chat1", "chat3"]


def test_earlier_versions_charge_the_innermost_span() -> None:
    server, mirror = step("server", kind=SERVER, **BARE), step("mirror", parent="server", **BARE)

    [item] = attribute([server, mirror], {}, SECOND)

    assert item.primary == mirror
