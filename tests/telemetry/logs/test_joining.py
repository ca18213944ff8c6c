"""Log records join the span that they name: the record is what it would be if the span had said it itself."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from telemetry.models import EarlierVersion, FailingVisit, WaitingLog
from telemetry.store import attributions
from telemetry.store.joined_logs import arrival, waiting
from telemetry.store.runs import kept_runs
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests import captures
from tests.telemetry.factory import key_values, minutes, protobuf, request, span, span_id, trace_id
from tests.telemetry.log_requests import RECORDED, RecordedRequest, log, logs_request, protobuf_logs, recorded
from tests.telemetry.logs.joined_stores import NOW, counted, records, send, sent_with_events, tallies

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5}
DETAILS = "gen_ai.client.inference.operation.details"
ORDERS: dict[str, Callable[[list[RecordedRequest]], list[RecordedRequest]]] = {
    "spans first": lambda sent: sorted(sent, key=lambda one: one.path, reverse=True),
    "logs first": lambda sent: sorted(sent, key=lambda one: one.path),
    "backwards": lambda sent: sent[::-1],
    "shuffled": lambda sent: random.Random(7).sample(sent, len(sent)),
}


@pytest.fixture
def project(make_project: Callable[..., MintedProject]) -> Project:
    """A project without a quota."""
    return make_project("joined", quota_spans=None).project


def spans(*made: dict[str, Any]) -> RecordedRequest:
    """A request of these spans."""
    return RecordedRequest("/v1/traces", "application/x-protobuf", protobuf(request(*made)))


def logs(*made: Mapping[str, Any], scope: str = "app") -> RecordedRequest:
    """A request of these log records."""
    data = protobuf_logs(logs_request(*map(dict, made), scope=scope))
    return RecordedRequest("/v1/logs", "application/x-protobuf", data)


def within(name: str = "", *, of: str = "call", at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A log record in the span of that name."""
    return log(name, at=at, traceId=trace_id("trace"), spanId=span_id(of), **fields)


def call(**fields: Any) -> dict[str, Any]:
    """A span of a model call."""
    return span("chat m", id="call", at=NOW, attributes=CHAT, **fields)


def messages(role: str, text: str) -> list[dict[str, Any]]:
    """One message, as OTel GenAI has them."""
    return [{"role": role, "parts": [{"type": "text", "content": text}]}]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_client_is_the_same_whichever_came_first(
    make_project: Callable[..., MintedProject], project: Project, name: str
) -> None:
    send(project, recorded(name))
    others = []
    for number, order in enumerate(ORDERS.values()):
        other = make_project(f"other-{number}", quota_spans=None).project
        send(other, order(list(recorded(name))))
        others.append(other)

    assert all(records(other) == records(project) for other in others)
    assert all(counted(other) == counted(project) for other in others)
    with bind(project):
        assert WaitingLog.objects.count() == 0


@pytest.mark.parametrize("name", RECORDED)
def test_it_is_counted_as_if_the_spans_had_said_it_themselves(
    make_project: Callable[..., MintedProject], project: Project, name: str
) -> None:
    """In the order in which it was recorded; the test above has the same records and counts in every other one."""
    send(project, recorded(name))
    other = make_project("at once", quota_spans=None).project

    send(other, [sent_with_events(project)])

    assert counted(other) == counted(project)
    assert records(other) == records(project)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_client_that_sends_twice_is_stored_once(project: Project, name: str) -> None:
    send(project, recorded(name))
    before, counts, tally = records(project), counted(project), tallies(project)

    again = send(project, recorded(name))

    assert records(project) == before
    assert counted(project) == counts
    assert {receipt.accepted for receipt in again} == {0}
    sent = tally["stored"] + tally["log_joined"]
    assert {name: tallies(project).get(name) for name in ("stored", "log_joined", "duplicate")} == {
        "stored": tally["stored"],
        "log_joined": tally["log_joined"],
        "duplicate": sent,
    }


def test_calls_whose_contents_are_in_log_records_alone_have_them(
    make_project: Callable[..., MintedProject], project: Project
) -> None:
    alone = make_project("spans alone", quota_spans=None).project
    send(alone, [one for one in recorded("py-adk-events") if one.path == "/v1/traces"])

    send(project, recorded("py-adk-events"))

    def facts(store: Project) -> tuple[int, int, int, int]:
        calls = [one["capture"] for one in records(store) if (one["capture"] or {}).get("unit") == "llm_call"]
        users = {one["user_id"] for one in records(store)} - {None}
        inputs, outputs = (sum(one[side] is not None for one in calls) for side in ("input", "output"))
        return len(calls), inputs, outputs, len(users)

    assert facts(alone) == (110, 0, 0, 0)
    assert facts(project) == (110, 110, 100, 10)
    found = [Counter(one["signal_type"] for one in records(store)) for store in (project, alone)]
    assert found[0] - found[1] == Counter(malformed_output=2, tool_call_failed=4, empty_answer=2)


def test_details_are_input_output_tokens_user_and_reason_of_the_call(project: Project) -> None:
    details = within(
        DETAILS,
        attributes={
            "gen_ai.input.messages": messages("user", "How?"),
            "gen_ai.output.messages": messages("assistant", "So"),
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.response.finish_reasons": ["length"],
            "user.id": "ana",
        },
    )

    send(project, [logs(details), spans(call())])

    [record] = records(project)
    assert (record["input_tokens"], record["output_tokens"], record["user_id"]) == (5, 7, "ana")
    assert record["signal_type"] == "output_truncated"
    assert record["capture"]["input"] == messages("user", "How?")
    assert record["capture"]["output"] == messages("assistant", "So")
    assert "user.id" not in record["attributes"]


def test_messages_of_older_versions_are_the_turns_of_the_call(project: Project) -> None:
    system = {"gen_ai.system": "openai"}
    turns = [
        within("gen_ai.system.message", attributes=system, body={"content": "Be brief."}),
        within(
            "gen_ai.user.message", at=NOW + timedelta(seconds=1), attributes=system, body={"content": "How?"}
        ),
        within(
            "gen_ai.choice",
            at=NOW + timedelta(seconds=2),
            attributes=system,
            body={"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "So"}},
        ),
    ]

    send(project, [spans(call()), logs(*turns[::-1])])

    [record] = records(project)
    assert [one["content"] for one in record["capture"]["input"]] == ["Be brief.", "How?"]
    assert record["capture"]["output"][0]["message"] == {"role": "assistant", "content": "So"}
    assert record["signal_type"] == "output_truncated"


def test_messages_that_are_logged_as_texts_are_the_turns_of_the_call(project: Project) -> None:
    """As Semantic Kernel for Python writes them: events by `event.name`, whose bodies are texts of JSON."""
    answer = {"message": {"role": "assistant", "content": "So"}, "finish_reason": "length"}
    turns = [
        within(attributes={"event.name": "gen_ai.system.message"}, body="Be brief."),
        within(
            at=NOW + timedelta(seconds=1),
            attributes={"event.name": "gen_ai.user.message"},
            body=json.dumps({"role": "user", "content": "How?"}),
        ),
        within(
            at=NOW + timedelta(seconds=2), attributes={"event.name": "gen_ai.choice"}, body=json.dumps(answer)
        ),
    ]

    send(project, [logs(*turns), spans(call())])

    [record] = records(project)
    assert [one["content"] for one in record["capture"]["input"]] == ["Be brief.", "How?"]
    assert record["capture"]["output"][0]["message"] == answer["message"]
    assert record["signal_type"] == "output_truncated"


def test_a_result_that_is_logged_as_a_text_is_the_result_of_the_tool(project: Project) -> None:
    facts = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
    tool = span("execute_tool refund", id="call", at=NOW, attributes=facts)
    result = within(
        attributes={"event.name": "gen_ai.choice"}, body='{"message": {"error": "no such order"}}'
    )

    send(project, [spans(tool), logs(result)])

    [record] = records(project)
    assert (record["signal_type"], record["message"]) == ("tool_call_failed", "no such order")


def test_messages_of_a_tool_call_are_its_arguments_and_its_result(project: Project) -> None:
    facts = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
    tool = span("execute_tool refund", id="call", at=NOW, attributes=facts)
    given = within("gen_ai.tool.message", body={"content": {"order": 17}})
    result = within(
        "gen_ai.choice", at=NOW + timedelta(seconds=1), body={"message": '{"error": "no such order"}'}
    )

    send(project, [spans(tool), logs(given), logs(result)])

    [record] = records(project)
    assert record["capture"]["input"] == {"order": 17}
    assert (record["signal_type"], record["message"]) == ("tool_call_failed", "no such order")


def test_an_evaluation_by_a_user_joins_what_was_rated(project: Project) -> None:
    rating = within(
        "gen_ai.evaluation.result",
        attributes={
            "gen_ai.evaluation.name": "user_feedback",
            "gen_ai.evaluation.score.value": 0,
            "gen_ai.evaluation.explanation": "wrong order",
        },
    )

    send(project, [spans(call()), logs(rating)])

    [record] = records(project)
    assert (record["signal_type"], record["message"]) == ("user_signal", "wrong order")


@pytest.mark.parametrize(
    "said",
    [
        within(DETAILS, attributes=CHAT | {"gen_ai.provider.name": "openai"}),
        within(DETAILS, attributes={"gen_ai.input.messages": "<elided>"}),
        within("gen_ai.user.message", body={"content": "<elided>"}),
        within("gen_ai.user.message", body={"role": "user", "content": ""}),
        within("gen_ai.choice", body={"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}}),
    ],
)
def test_an_event_that_says_nothing_new_changes_nothing(project: Project, said: dict[str, Any]) -> None:
    facts = CHAT | {"gen_ai.provider.name": "openai", "gen_ai.response.finish_reasons": ["stop"]}
    send(project, [spans(span("chat m", id="call", at=NOW, attributes=facts))])
    before = records(project)

    send(project, [logs(said)])

    assert records(project) == before
    assert tallies(project) == {"stored": 1, "duplicate": 1}
    with bind(project):
        assert EarlierVersion.objects.count() == 0


STACK = 'Traceback (most recent call last):\n  File "/srv/shop/pay.py", line 3, in pay\n    raise Declined(card)\n'
DECLINED = {
    "exception.type": "shop.pay.Declined",
    "exception.message": "card 17",
    "exception.stacktrace": STACK,
}
ERROR = {"severityNumber": 17, "severityText": "ERROR"}
FAILURES = {
    "no status": (call(), "card 17"),
    "status alone": (call(status={"code": 2}), "card 17"),
    "a status with a text": (call(status={"code": 2, "message": "it failed"}), "card 17"),
    "its own exception": (
        call(
            status={"code": 2},
            events=[{"name": "exception", "attributes": key_values({"exception.message": "own"})}],
        ),
        "own",
    ),
}  # fmt: skip


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("case", FAILURES)
def test_an_error_logged_in_a_span_is_one_failure_with_it(
    project: Project, case: str, is_first: bool
) -> None:
    failing, message = FAILURES[case]
    error = within(body="payment failed", attributes=DECLINED, **ERROR)

    send(project, [logs(error), spans(failing)] if is_first else [spans(failing), logs(error)])

    [record] = records(project)
    assert (record["signal_type"], record["message"]) == ("llm_call_failed", message)
    assert sum("'is_downstream': False" in row for row in counted(project)["Attribution"]) == 1


def test_an_error_without_an_exception_is_the_failure_of_its_span(project: Project) -> None:
    send(project, [spans(call()), logs(within(body="the answer was empty", **ERROR))])

    [record] = records(project)
    assert (record["signal_type"], record["message"]) == ("llm_call_failed", "the answer was empty")


def test_an_exception_that_span_and_log_both_record_is_recorded_once(project: Project) -> None:
    own = {"name": "exception", "attributes": within(attributes=DECLINED)["attributes"]}
    failing = call(status={"code": 2}, events=[own])

    send(project, [spans(failing), logs(within(body="payment failed", attributes=DECLINED, **ERROR))])

    [record] = records(project)
    assert len(record["events"]) == 1


@pytest.mark.parametrize("severity", [5, 9, 13])
def test_a_warning_in_a_span_that_succeeded_is_no_failure(project: Project, severity: int) -> None:
    warning = within(body="retrying", severityNumber=severity, attributes=DECLINED)

    send(project, [spans(call()), logs(warning)])

    assert [one["outcome"] for one in records(project)] == ["ok"]
    assert tallies(project) == {"stored": 1, "other_logs": 1}


def test_errors_around_one_that_failed_inside_are_one_failure(project: Project) -> None:
    inner = span("charge", id="inner", at=NOW, parent="outer", status={"code": 2})
    outer = span("POST /pay", id="outer", at=NOW, status={"code": 2})
    twice = [
        within(of=name, body="payment failed", attributes=DECLINED, **ERROR) for name in ("inner", "outer")
    ]

    send(project, [logs(*twice), spans(inner, outer)])

    primary = [row for row in counted(project)["Attribution"] if "'is_downstream': False" in row]
    assert len(records(project)) == 2
    assert len(primary) == 1


def test_a_failure_whose_span_does_not_come_becomes_a_record_below_it(project: Project) -> None:
    send(project, [logs(within(body="boom", **ERROR))])
    before = records(project)

    send(project, [spans(span(trace="other", at=NOW))], now=NOW + minutes(16))

    assert before == []
    [record] = [one for one in records(project) if one["outcome"] == "failure"]
    assert (record["message"], record["parent_span_id"]) == ("boom", span_id("call"))
    assert tallies(project) == {"log_joined": 1, "stored": 1}


def test_a_span_that_comes_later_still_has_one_failure_with_it(project: Project) -> None:
    error = logs(within(body="boom", **ERROR))
    send(project, [error])
    send(project, [logs(log(at=NOW, body="tick"))], now=NOW + minutes(16))

    receipts = send(
        project, [spans(call(status={"code": 2, "message": "boom"})), error], now=NOW + minutes(17)
    )

    assert len(records(project)) == 2
    assert sum("'is_downstream': False" in row for row in counted(project)["Attribution"]) == 1
    assert receipts[1].accepted + receipts[1].duplicates == 1


def test_contents_wait_a_day_and_are_counted_where_no_span_came(project: Project) -> None:
    content = logs(within(DETAILS, attributes={"gen_ai.output.messages": messages("assistant", "So")}))
    tick = [logs(log(at=NOW, body="tick"))]
    send(project, [content])

    send(project, tick, now=NOW + minutes(24 * 60 - 1))
    with bind(project):
        still = WaitingLog.objects.count()
    send(project, tick, now=NOW + minutes(24 * 60 + 1))

    with bind(project):
        assert (still, WaitingLog.objects.count()) == (1, 0)
    assert records(project) == []
    assert tallies(project) == {"log_joined": 1, "other_logs": 2, "log_without_span": 1}


def test_an_event_of_a_client_whose_span_does_not_come_becomes_its_record(project: Project) -> None:
    event = within(
        "claude_code.user_prompt", attributes={"session.id": "s-1", "prompt.id": "p-1", "prompt": "hi"}
    )

    send(project, [logs(event)])
    send(project, [logs(log(at=NOW, body="tick"))], now=NOW + minutes(16))

    [record] = records(project)
    assert (record["operation"], record["session_id"]) == ("agent claude-code", "s-1")


def test_what_waits_is_bounded_in_number_and_in_bytes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST", 3)
    several = logs(*(within(of=f"call {number}", body="boom", **ERROR) for number in range(5)))

    [receipt] = send(project, [several])
    monkeypatch.setattr(waiting, "MOST", 100)
    monkeypatch.setattr(waiting, "MOST_BYTES", 100)
    [large] = send(project, [logs(within(of="large", body="x" * 5000, **ERROR))])

    assert (receipt.accepted, receipt.rejected) == (3, Counter(no_room_to_wait=2))
    assert large.rejected == Counter(no_room_to_wait=1)


def test_one_whose_span_is_there_needs_no_room_to_wait(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST", 0)

    receipts = send(project, [spans(call()), logs(within(body="boom", **ERROR))])

    assert receipts[1].accepted == 1


def test_log_records_that_join_count_against_the_quota(make_project: Callable[..., MintedProject]) -> None:
    small = make_project("small", quota_spans=3).project
    failing = [within(of=name, body="boom", **ERROR) for name in ("call", "later", "never")]

    receipts = send(small, [spans(call()), logs(*failing), spans(span(id="later", at=NOW))])

    assert [(receipt.accepted, receipt.rejected) for receipt in receipts] == [
        (1, Counter()),
        (2, Counter(over_quota=1)),
        (0, Counter(over_quota=1)),
    ]


def test_the_answer_of_a_call_joins_it_where_the_client_sends_no_spans(project: Project) -> None:
    facts = {"session.id": "s-1", "prompt.id": "p-1", "model": "claude-sonnet-4-6"}
    asked = log(
        "claude_code.api_request", at=NOW, attributes=facts | {"input_tokens": 5, "request_id": "req_1"}
    )
    answer = {"response": "All is well.", "request_id": "req_1"}
    answered = log("claude_code.assistant_response", at=NOW, attributes=facts | answer)

    send(project, [logs(answered), logs(asked)])

    [record] = records(project)
    assert (record["operation"], record["input_tokens"]) == ("chat claude-sonnet-4-6", 5)
    assert record["capture"]["output"] == "All is well."


def test_a_span_sent_again_after_log_records_joined_it_is_a_duplicate_and_a_changed_one_a_conflict(
    project: Project,
) -> None:
    send(project, [spans(call()), logs(within(body="boom", **ERROR))])

    [again] = send(project, [spans(call())])
    [changed] = send(project, [spans(call(status={"code": 1}))])

    assert (again.duplicates, again.conflicts) == (1, 0)
    assert (changed.duplicates, changed.conflicts) == (0, 1)


def test_log_records_of_another_project_join_nothing_here(
    make_project: Callable[..., MintedProject], project: Project
) -> None:
    other = make_project("other").project
    send(project, [spans(call())])

    send(other, [logs(within(body="boom", **ERROR))])

    assert [one["outcome"] for one in records(project)] == ["ok"]


INTERACTION = span("claude_code.interaction", id="turn", at=NOW, attributes={"span.type": "interaction"})
CLAUDE = {"name": "com.anthropic.claude_code.tracing"}


def request_span(id: str, ends_after_ms: float, **facts: Any) -> dict[str, Any]:
    """A model call of Claude Code inside the interaction."""
    attributes = {"span.type": "llm_request", "model": "m", **facts}
    return span(
        "claude_code.llm_request",
        id=id,
        parent="turn",
        at=NOW,
        duration_ms=ends_after_ms,
        attributes=attributes,
    )


def claude(*made: dict[str, Any]) -> RecordedRequest:
    """A request of these spans of Claude Code."""
    return RecordedRequest("/v1/traces", "application/x-protobuf", protobuf(request(*made, scope=CLAUDE)))


def answer(text: str, after_ms: float, **facts: Any) -> RecordedRequest:
    """The event of an answer, which names the interaction."""
    at = NOW + timedelta(milliseconds=after_ms)
    return logs(
        within("claude_code.assistant_response", of="turn", at=at, attributes={"response": text, **facts})
    )


def outputs(project: Project) -> dict[str, Any]:
    """The output of each model call by its span id."""
    return {
        one["span_id"]: one["capture"]["output"]
        for one in records(project)
        if one["name"] == "claude_code.llm_request"
    }


def test_answers_of_a_recorded_client_join_the_calls_inside_what_they_name(project: Project) -> None:
    send(project, recorded("node-claude-code-beta"))

    found = Counter(output is not None for output in outputs(project).values())
    assert found == Counter({True: 32, False: 16})


def test_calls_repeated_without_progress_are_found_where_only_messages_have_the_contents_of_tools(
    project: Project,
) -> None:
    send(project, recorded("py-adk-events"))

    with bind(project):
        found = list(FailingVisit.objects.values_list("trace_id", "signal_type"))
    kinds = {row["trace_id"]: row["kind"] for row in captures.labels("py-adk-events")}
    repeated = [trace_id for trace_id, kind in kinds.items() if str(kind).startswith("repeated")]
    assert sorted((bytes(trace_id).hex(), signal) for trace_id, signal in found) == sorted(
        (trace_id, "repeated_call") for trace_id in repeated
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_an_answer_joins_the_call_with_its_request_id_whenever_that_comes(
    project: Project, order: tuple[int, ...]
) -> None:
    parts = [
        claude(INTERACTION, request_span("one", 50, request_id="req_1")),
        answer("All is well.", 50, request_id="req_2"),
        claude(request_span("two", 900, request_id="req_2")),
    ]

    send(project, [parts[number] for number in order])

    assert outputs(project) == {span_id("one"): None, span_id("two"): "All is well."}


def test_an_answer_without_an_id_joins_the_call_that_ended_at_that_moment(project: Project) -> None:
    calls = claude(INTERACTION, request_span("one", 50), request_span("two", 90))

    send(project, [calls, answer("one", 52), answer("two", 88), answer("none", 400)])

    assert outputs(project) == {span_id("one"): "one", span_id("two"): "two"}
    with bind(project):
        assert WaitingLog.objects.count() == 1


def tool_span(id: str, tool: str, call_id: str) -> dict[str, Any]:
    """A tool's call of Claude Code inside the interaction."""
    attributes = {"span.type": "tool", "tool_name": tool, "tool_use_id": call_id}
    return span("claude_code.tool", id=id, parent="turn", at=NOW, attributes=attributes)


def tool_result(call_id: str, **facts: Any) -> RecordedRequest:
    """The event of a tool's result, which names the interaction."""
    attributes = {"tool_name": "Bash", "tool_use_id": call_id, **facts}
    return logs(within("claude_code.tool_result", of="turn", at=NOW, attributes=attributes))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_event_of_a_tools_result_joins_the_tools_call_whenever_that_comes(
    project: Project, order: tuple[int, ...]
) -> None:
    parts = [
        claude(INTERACTION, tool_span("one", "Read", "toolu_1")),
        tool_result("toolu_2", success="false", error="exit 2", error_type="ShellError"),
        claude(tool_span("two", "Bash", "toolu_2")),
    ]

    send(project, [parts[number] for number in order])

    told = {one["span_id"]: (one["signal_type"], one["message"]) for one in records(project)}
    assert told == {
        span_id("turn"): (None, None),
        span_id("one"): (None, None),
        span_id("two"): ("tool_call_failed", "exit 2"),
    }


@pytest.mark.parametrize("facts", [{"success": "true"}, {"success": "true", "error": "none"}, {}])
def test_a_result_that_reports_no_failure_is_none(project: Project, facts: dict[str, Any]) -> None:
    send(project, [claude(INTERACTION, tool_span("one", "Bash", "toolu_1")), tool_result("toolu_1", **facts)])

    assert {one["signal_type"] for one in records(project)} == {None}


def test_of_details_only_what_the_span_does_not_say_is_stored(project: Project) -> None:
    said = {"gen_ai.input.messages": messages("user", "How?")}
    as_text = {name: json.dumps(value) for name, value in said.items()}
    told = span("chat m", id="call", at=NOW, attributes=CHAT | as_text)

    send(project, [spans(told), logs(within(DETAILS, attributes=CHAT | said | {"user.id": "ana"}))])

    [record] = records(project)
    assert [event["attributes"] for event in record["events"]] == [{"user.id": "ana"}]
    assert record["user_id"] == "ana"


def test_a_span_is_joined_by_the_log_records_of_so_many_requests_at_most(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "MOST_VERSIONS", 2)
    send(project, [spans(call())])

    receipts = send(project, [logs(within(body=f"boom {number}", **ERROR)) for number in range(3)])

    assert [receipt.accepted for receipt in receipts] == [1, 1, 0]
    assert receipts[2].rejected == Counter(joined_too_often=1)


def test_in_a_runaway_trace_the_record_alone_is_looked_at(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, limit in ((attributions, 3), (kept_runs, 3)):
        monkeypatch.setattr(module, "MOST_RECORDS", limit)
    others = [span(id=number, at=NOW, status={"code": 2}) for number in range(5)]
    send(project, [spans(*others, call())])
    before = counted(project)

    send(project, [logs(within(body="boom", attributes=DECLINED, **ERROR))])

    after = counted(project)
    assert len(after["Attribution"]) == len(before["Attribution"]) + 1
    assert after["VisitCount"] == before["VisitCount"]
    assert all("'is_downstream': False" in row for row in after["Attribution"])


def test_a_diagnosis_makes_records_of_failures_that_waited_long_enough(project: Project) -> None:
    send(project, [logs(*(within(of=f"call {number}", body="boom", **ERROR) for number in range(3)))])

    packet = diagnose(project, Window.ending(NOW + minutes(16), 60), NOW + minutes(16))

    [issue] = packet.document["issues"]
    assert (issue["operation"], issue["count"]) == ("app", 3)
    with bind(project):
        assert WaitingLog.objects.count() == 0
