"""The inputs with which a cluster failed: each once, with how often, and few of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from diagnosis.diagnose import diagnose
from diagnosis.issues.contrast import words
from diagnosis.issues.contrast.failing_inputs import LONGEST, MOST, failing_inputs
from diagnosis.packets.publishing import packet_as_answered
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.failing_records import failing
from tests.telemetry.factory import minutes, record_id, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def with_inputs(*inputs: Any) -> tuple[list[FailingRecord], dict[bytes, str]]:
    """Failures in order of time, and what is known of their inputs."""
    records = [failing(f"s{n}", at=n) for n in range(len(inputs))]
    pairs = zip(records, inputs, strict=True)
    return records, {record.key: json.dumps(value) for record, value in pairs if value is not None}


def test_each_input_is_there_once_most_frequent_first() -> None:
    records, inputs = with_inputs("a", "b", "b", None, {"order": 7})

    shown = failing_inputs(records, inputs)

    assert shown is not None
    assert (shown["looked_at"], shown["distinct"]) == (5, 3)
    assert [(each["input"], each["count"], each["record_id"]) for each in shown["inputs"]] == [
        ("b", 2, records[1].record_id),
        ("a", 1, records[0].record_id),
        ({"order": 7}, 1, records[4].record_id),
    ]


def test_many_and_long_inputs_are_bounded() -> None:
    shown = failing_inputs(*with_inputs(*(f"{n} {'x' * 5000}" for n in range(30))))

    assert shown is not None
    assert shown["distinct"] == 30
    assert len(shown["inputs"]) <= MOST
    assert all(len(each["input"]) == LONGEST and each["truncated"] for each in shown["inputs"])


def test_no_input_is_none() -> None:
    assert failing_inputs(*with_inputs(None, None)) is None


def issue_of(minted: MintedProject, spans: list[dict[str, Any]]) -> dict[str, Any]:
    """The one issue that these spans give."""
    store(minted.project, spans, NOW)
    [issue] = packet_as_answered(diagnose(minted.project, Window.ending(NOW, 60), NOW))["issues"]
    return dict(issue)


def test_who_asked_makes_no_other_input(alice: MintedProject) -> None:
    asked = [{"session.id": f"s{n}", "enduser.id": f"u{n % 5}", "region": "north"} for n in range(12)]
    nameless = {"session.id": "s99", "user.id": "u99"}
    sent = [
        span("reserve", trace=n, at=NOW - minutes(30 - n), error="no zone", attributes=attributes)
        for n, attributes in enumerate([*asked, nameless])
    ]

    found = issue_of(alice, sent)["failing_inputs"]

    assert (found["looked_at"], found["distinct"]) == (13, 1)
    assert [(each["input"], each["count"]) for each in found["inputs"]] == [({"region": "north"}, 12)]


def test_the_report_says_with_which_inputs_it_failed_and_what_a_healthy_record_has(
    alice: MintedProject, call: Any
) -> None:
    def reserved(n: int, region: str, error: str = "") -> dict[str, Any]:
        at = NOW - minutes(30 - n)
        return span("reserve", trace=n, at=at, error=error, attributes={"region": region})

    issue = issue_of(alice, [*(reserved(n, "`north`", "no zone") for n in range(6)), reserved(7, "south")])

    lines = call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode().splitlines()

    healthy = issue["contrast"]["healthy_id"]
    assert '- inputs: 1 distinct in 6 failures looked at: 6 of ``{"region": "`north`"}``' in lines
    assert (
        f"- `{issue['evidence_ids'][0]}` beside the healthy `{healthy}`: `attributes.region` is `` `north` `` here, "
        "`south` there"
    ) in lines


def test_the_report_of_an_earlier_version_compares_nothing() -> None:
    assert words.comparison_lines({}) == []
    assert words.comparison_lines({"contrast": None, "failing_inputs": None}) == []


def test_http_spans_are_told_by_their_attributes_without_what_the_failure_wrote(alice: MintedProject) -> None:
    sent = [
        span(
            "GET /rates",
            trace=n,
            at=NOW - minutes(30 - n),
            error="no rate",
            attributes={
                "url.query": f"currency={'JPY' if n % 3 else 'KRW'}",
                "http.response.status_code": 500,
            },
        )
        for n in range(6)
    ]

    inputs = issue_of(alice, sent)["failing_inputs"]

    assert [(each["input"], each["count"]) for each in inputs["inputs"]] == [
        ({"url.query": "currency=JPY"}, 4),
        ({"url.query": "currency=KRW"}, 2),
    ]


def test_evidence_prefers_records_with_other_inputs(alice: MintedProject) -> None:
    odd = {3: "b", 5: "c", 6: "d"}  # the other calls have one input, and a user of their own each
    sent = [
        span(
            "execute_tool price",
            trace=n,
            at=NOW - minutes(30 - n),
            error=f"no rate {n}",
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "price",
                "gen_ai.tool.call.arguments": json.dumps({"cart": odd.get(n, "a")}),
                **({} if n in odd else {"user.id": f"user {n}", "session.id": f"session {n}"}),
            },
        )
        for n in range(12)
    ]

    issue = issue_of(alice, sent)

    assert {record_id(sent[n]) for n in (0, *odd, 11)} == set(issue["evidence_ids"])
    assert issue["failing_inputs"]["distinct"] == 4
