"""Reads of the HTTP API with a budget: they fit, a larger budget has the same and more, and gaps are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from diagnosis.agents.budgeted_reads import READS, REPORT
from diagnosis.models import Loop
from loopkit.http.untrusted import WARNING
from telemetry.api.record_forms import FIELDS, OWN_FIELDS
from telemetry.api.serializers import RecordSerializer
from tenants.api.budgets import FEWEST_TOKENS, MEDIA_TYPE, MOST_TOKENS
from tenants.keys.provisioning import MintedProject
from tests.security.voice.canaries import CANARY, CanaryWorld
from tests.security.voice.test_tools import outside_text
from tests.telemetry.factory import minutes, request, span
from tests.tool_calls import call_tool

Call = Callable[..., Any]
BUDGETS = (FEWEST_TOKENS, 700, 1_000, 1_500, 2_500, 4_000, 7_000, MOST_TOKENS)
PATHS = [
    "/v1/telemetry?",
    "/v1/telemetry?detail=summary&",
    "/v1/telemetry?detail=full&outcome=failure&",
    "/v1/telemetry?record_id={record_id}&detail=full&",
    "/v1/telemetry?fields={fields}&",
    "/v1/evidence?cluster_id={cluster_id}&",
    "/v1/sessions?",
    "/v1/sessions/{session_id}?",
    "/v1/packets?",
    "/v1/packets/{packet_id}?",
    "/v1/packets/{packet_id}/issues/{cluster_id}?",
    "/v1/loops?",
    "/v1/loops/{loop_id}?",
    "/v1/loops/{loop_id}/handoff?",
    "/v1/dashboard?",
    "/v1/ledger?",
    "/v1/funnel?",
    "/v1/evals/{eval_id}?",
]
# Of these the project has nothing that strangers wrote.
WITHOUT_TEXT = ("/v1/packets?", "/v1/evidence?", "/v1/ledger?", "/v1/funnel?")


def url_of(world: CanaryWorld, path: str) -> str:
    """The path with the ids of the project."""
    known = {name: quote(text, safe="") for name, text in world.ids.items()}
    return path.format_map(known | {"fields": ",".join(FIELDS)})


def read(
    call: Call, world: CanaryWorld, path: str, tokens: int, method: str = "GET", body: Any = None
) -> Any:
    """The answer to a read with a budget."""
    answer = call(method, f"{url_of(world, path)}budget={tokens}", world.keys["agent"], body)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == MEDIA_TYPE
    return answer


def test_every_operation_that_documents_a_budget_has_one() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    documented = {
        operation["operationId"]
        for methods in paths.values()
        for operation in methods.values()
        if "budget" in {parameter["name"] for parameter in operation.get("parameters", [])}
    }

    typed = {
        operation["operationId"]
        for methods in paths.values()
        for operation in methods.values()
        if any(MEDIA_TYPE in answer.get("content", {}) for answer in operation["responses"].values())
    }
    assert len(documented) == len({*READS, REPORT})
    assert documented - typed == {"read_report"}
    assert typed <= documented


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_fits_and_a_larger_budget_has_the_same_and_more(
    path: str, world: CanaryWorld, call: Call
) -> None:
    answers = [read(call, world, path, tokens) for tokens in BUDGETS]

    names: set[str] = set()
    rows = 0
    for tokens, answer in zip(BUDGETS, answers, strict=True):
        document = answer.json()
        assert len(answer.content.decode()) <= 2.5 * tokens
        assert list(document)[:2] == ["warning", "ok"]
        assert document["warning"] == WARNING
        assert document["completeness"].keys() >= {"shown", "total", "complete", "tokens"}
        assert names <= document.keys()
        assert document["completeness"]["shown"] >= rows
        names, rows = names | document.keys(), document["completeness"]["shown"]
    assert rows > 0 or "evidence" in path


def test_chosen_fields_are_there_and_no_others(world: CanaryWorld, call: Call) -> None:
    path = f"/v1/telemetry?record_id={world.ids['record_id']}&fields=message,attributes,outcome&"
    [record] = read(call, world, path, 4_000).json()["records"]
    tool = call_tool(
        call,
        world.keys["agent"],
        "loopkit_telemetry",
        record_ids=[world.ids["record_id"]],
        fields="outcome,message",
    )

    assert list(record) == ["record_id", "outcome", "text"]
    assert list(record["text"]) == ["message", "attributes"]
    assert tool.content["records"] == [record | {"text": {"message": record["text"]["message"]}}]


def test_each_field_of_a_record_can_be_chosen_or_is_said_otherwise() -> None:
    derived = {"record_id", "start_time_unix_nano", "same_call_as", "replaced_by", "missing"}

    assert RecordSerializer().fields.keys() == {*FIELDS} | derived
    assert {*OWN_FIELDS} <= {*FIELDS}


@pytest.mark.parametrize("path", PATHS)
def test_text_of_strangers_is_under_text_alone(path: str, world: CanaryWorld, call: Call) -> None:
    answer = read(call, world, path, MOST_TOKENS)

    assert [where for where, text in outside_text(answer.json()) if CANARY.search(text)] == []
    assert CANARY.search(answer.content.decode()) or path.startswith(WITHOUT_TEXT)


@pytest.mark.parametrize(
    "path", ["/v1/telemetry?", "/v1/sessions?", "/v1/loops?", "/v1/sessions/{session_id}?"]
)
def test_pages_together_are_the_whole(path: str, world: CanaryWorld, call: Call) -> None:
    rows: list[Any] = []
    cursor = ""
    for _ in range(60):
        page = read(call, world, f"{path}{cursor}", FEWEST_TOKENS).json()
        rows += next(
            value for name, value in page.items() if name in {"records", "sessions", "loops", "steps"}
        )
        if "next" not in page["completeness"]:
            break
        cursor = f"cursor={page['completeness']['next']['cursor']}&"

    whole = read(call, world, path, MOST_TOKENS).json()
    ids = [row[0] if isinstance(row, list) else row.get("record_id", row.get("loop_id", row)) for row in rows]
    total = whole["completeness"]["total"]
    assert len(ids) == len({orjson.dumps(each) for each in ids})
    assert total is None or len(ids) == total


def test_a_diagnosis_leads_to_the_rest_of_its_packet(alice: MintedProject, call: Call) -> None:
    now = timezone.now()
    spans = [
        span(f"op {letter}", trace=f"{letter}{n}", at=now - minutes(5), error=f"bad {letter}")
        for letter in "abcdefghijkl"
        for n in range(3)
    ]
    call("POST", "/v1/traces", alice.keys["producer"], request(*spans))
    key = alice.keys["agent"]
    first = call("POST", "/v1/runs/diagnose?budget=1000", key, {"since_minutes": 60}).json()
    found, following = first["issues"], first["completeness"]["next"]
    while following:
        path = following.pop("path", f"/v1/packets/{first['packet_id']}")
        page = call("GET", f"{path}?budget=1000&first_issue={following['first_issue']}", key).json()
        found, following = found + page["issues"], page["completeness"].get("next")

    assert len(found) == first["issues_found"] == len({issue["cluster_id"] for issue in found}) == 12


def test_completeness_names_what_the_store_lacks(alice: MintedProject, call: Call) -> None:
    alice.project.quota_spans = 2
    alice.project.save()
    spans = [span("op", trace=f"t{n}", at=timezone.now() - minutes(5), error="bad") for n in range(5)]
    call("POST", "/v1/traces", alice.keys["producer"], request(*spans))
    key = alice.keys["agent"]

    answers = [
        call("GET", "/v1/telemetry?budget=4000", key),
        call("GET", "/v1/sessions?budget=500", key),
        call("GET", "/v1/dashboard?budget=4000", key),
        call("POST", "/v1/runs/diagnose?budget=4000", key),
    ]

    for answer in answers:
        completeness = answer.json()["completeness"]
        assert completeness["missing"] == {"over_quota": 3}
        assert completeness["complete"] is False
    assert "this may be missing" in answers[3].json()["completeness"]["note"]


def test_a_store_that_lacks_nothing_is_complete(alice: MintedProject, call: Call) -> None:
    answer = call("GET", "/v1/telemetry?budget=900", alice.keys["agent"]).json()

    assert answer["completeness"].items() >= {"shown": 0, "total": 0, "complete": True}.items()


@pytest.mark.parametrize(
    ("url", "code", "hint"),
    [
        ("/v1/loops?budget=10", "invalid", "budget"),
        ("/v1/loops?budget=many", "invalid", "budget"),
        ("/v1/loops?budgett=900", "unknown_parameter", "Did you mean budget?"),
        ("/v1/loops?budget=900&stat=approved", "unknown_parameter", "Did you mean state?"),
        ("/v1/loops?budget=900&limit=x", "invalid", "1 to 500"),
        ("/v1/telemetry?detail=full", "invalid", ""),
        ("/v1/telemetry?budget=900&detail=ful", "invalid", "Did you mean full?"),
        ("/v1/telemetry?fields=message", "invalid", ""),
        ("/v1/telemetry?budget=900&fields=mesage", "invalid", ""),
        ("/v1/telemetry?budget=900&fields=message&detail=full", "invalid", ""),
        ("/v1/packets/pkt_1?first_issue=1", "invalid", ""),
        ("/v1/loops/loop_1/handoff?budget=900&format=md", "invalid", ""),
        ("/v1/ledger?budget=9", "invalid", "from 500 to 12000"),
        ("/v1/evals/eval_0000000000000001?budget=900&format=pytest", "invalid", "budget"),
        ("/v1/reports/latest.md?budget=1", "invalid", "budget"),
    ],
)
def test_what_is_refused(url: str, code: str, hint: str, alice: MintedProject, call: Call) -> None:
    answer = call("GET", url, alice.keys["agent"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert hint in answer.json()["error"]["hint"]


def test_a_budget_of_a_run_is_checked_like_one_of_a_read(alice: MintedProject, call: Call) -> None:
    answers = [
        call("POST", f"/v1/runs/diagnose?{query}", alice.keys["agent"], {"since_minutes": 60})
        for query in ("budget=10", "budgett=900", "budget=900&since_minutes=60")
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert [answer.json()["error"]["code"] for answer in answers] == [
        "invalid",
        "unknown_parameter",
        "unknown_parameter",
    ]


@pytest.mark.parametrize("kind", ["", "producer", "feedback", "wrong"])
def test_a_budget_opens_nothing_to_other_keys(kind: str, world: CanaryWorld, call: Call) -> None:
    key = "lk_agent_wrong" if kind == "wrong" else world.keys.get(kind, "")
    for path in PATHS:
        url = url_of(world, path)
        plain, budgeted = call("GET", url.rstrip("?&"), key), call("GET", f"{url}budget=900", key)

        assert plain.status_code in (401, 403) or "detail" in url
        assert budgeted.status_code in (401, 403)
        assert budgeted.json()["error"]["code"] in {
            "authentication_failed",
            "not_authenticated",
            "scope_missing",
        }
        assert budgeted.headers.get("WWW-Authenticate") or budgeted.status_code == 403


def test_nothing_of_another_project_within_a_budget(
    world: CanaryWorld, charlie: MintedProject, call: Call
) -> None:
    for path in PATHS:
        url = url_of(world, path)
        answer = call("GET", f"{url}budget=900", charlie.keys["agent"])

        assert answer.status_code in (200, 404)
        assert not CANARY.search(answer.content.decode().replace(world.ids["session_id"], ""))


def test_the_handoff_is_refused_before_approval_with_a_budget_too(world: CanaryWorld, call: Call) -> None:
    Loop.objects.update(state=Loop.State.PROPOSED)
    answer = call("GET", f"/v1/loops/{world.ids['loop_id']}/handoff?budget=4000", world.keys["agent"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_approved")


def test_the_report_is_a_beginning_of_whole_sections(alice: MintedProject, call: Call) -> None:
    now = timezone.now() - timedelta(minutes=5)
    spans = [span(f"op {letter}", trace=letter, at=now, error=f"bad {letter}") for letter in "abcdefghijkl"]
    call("POST", "/v1/traces", alice.keys["producer"], request(*spans))
    key = alice.keys["agent"]
    call("POST", "/v1/runs/diagnose", key)
    whole = call("GET", "/v1/reports/latest.md", key).content.decode()

    before = ""
    for tokens in BUDGETS:
        answer = call("GET", f"/v1/reports/latest.md?budget={tokens}", key)
        text = answer.content.decode()
        assert answer["Content-Type"] == "text/markdown; charset=utf-8"
        assert len(text) <= 2.5 * tokens
        kept = re.sub(r"\n> \d+ of \d+ sections are shown.*\n$", "", text).rstrip()
        assert whole.startswith(kept)
        assert kept.startswith(before)
        before = kept
    assert before == whole.rstrip()
