"""What strangers wrote is in an answer of the API only where the answer says that it is a value of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from drf_spectacular.generators import SchemaGenerator

from loopkit.http.untrusted import WARNING
from tests.security.voice.canaries import CANARY, CanaryWorld, canary

# What is a map of names and values of strangers, or one value of theirs of any shape.
OPEN = re.compile(
    r"(^|\.)(attributes|with\.text|input|call_input|output|expected|cut)(\.|\[|$)|(^|\.)scopes\.|\.also\[\]\."
)
# Fields of strangers: everything else is LoopKit's, or of staff.
PAYLOAD = re.compile(
    r"""(^|\.|\])(
    title|operation|service|environment|release|older|error_type|failure|user_id|session_id|agent|tool|model|name
    |trace_state|version|schema_url|project_name|project_id|eval_id|eval_candidate|suspected_release|attribute|value
    |echoes\.operations\[\]|releases_left_out\[\]|file|function|packet\.project_id|ingest_url|new_issue_links\[\]\.url
    |issues\[\]\.message|issue\.message|records\[\]\.message|evidence\[\]\.message|detail\.(note|url|release)
    |feedback\[\]\.comment|differences\[\]\.(failing|healthy)
    |items\[\]\.(title|content_text)|_loopkit\.project_id|loops\[\]\.title|evidence_url
    )$""",
    re.X,
)
SENTENCES = {
    "warning", "detail", "verify", "refuted_by", "next_action", "hint", "reason", "severity_reason", "note", "needed",
    "suspected_release_reason", "expectation", "meaning", "remedy", "approval_reason", "again", "outdated", "question",
    "message", "user_comment", "trend_reason", "release_note", "unseen_note", "cause", "quota_note",
    "then", "result_form",
}  # fmt: skip
# Other texts of LoopKit: ids, times, words of closed lists, addresses, names of staff.
OWN = {
    "actor", "approval", "cluster_id", "code", "content_hash", "created_at", "decided_at", "decided_by", "docs_url",
    "end", "end_time", "kind", "last_seen", "lever", "first_seen", "loop_id", "next_cursor", "outcome", "packet_id",
    "parent_span_id", "plan", "record_id", "reported_at", "held_at", "severity", "shipped_at", "signal_type", "since",
    "source", "span_id",
    "stage", "start", "start_time", "starts_at", "state", "status", "tenant_id", "time", "trace_id", "tracker", "trend",
    "unit", "updated_at", "verb", "verdict", "hour", "before", "after", "evidence", "evidence_ids", "trace_ids",
    "traces", "given_by", "id", "url", "version", "feed_url", "home_page_url", "next_url", "date_published", "tags",
    "expires_at", "rejected", "was", "is", "agent_key", "producer_key", "feedback_key", "recovery_code",
    "dashboard_url", "diagnose_url", "quickstart_url", "scopes", "producer", "feedback", "rating", "counted",
    "until", "by", "text_may_not_cause", "corroborate",
    "unknown", "replaces", "replaced_by", "share_of", "failing_id", "healthy_id", "input_from",
}  # fmt: skip
# Parameters with which a route is asked besides none.
QUERIES = {
    "/v1/evidence": ["cluster_id={cluster_id}"],
    "/v1/evals/{eval_id}": ["format=json"],
    "/v1/loops/{loop_id}/handoff": ["format=json"],
    "/v1/telemetry": ["limit=500", "session_id={session_id}", "record_id={record_id}"],
}
# Routes whose answers are no JSON with telemetry: OTLP's own, and those of other tests of this package.
ELSEWHERE = {
    "GET /health", "GET /readyz", "GET /v1/notices.atom", "GET /v1/reports/latest.md", "POST /v1/traces",
    "POST /v1/logs", "POST /v1/metrics", "POST /v1/signup/upgrade",
    "POST /v1/provision", "POST /v1/recover", "POST /v1/access-requests",
}  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every text in JSON, and of every name of a field."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path} (names)", name
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    elif isinstance(value, str):
        yield path, value


def misplaced(document: Any) -> list[str]:
    """Where a canary is that is no value of a stranger's field, and texts of fields that nobody has listed."""
    found = []
    for path, text in leaves(document):
        own = path.removesuffix(" (names)")
        if OPEN.search(f"{own}."):
            continue
        field = own.rpartition(".")[2].removesuffix("[]")
        is_payload = not path.endswith(" (names)") and PAYLOAD.search(own)
        if CANARY.search(text) and not is_payload:
            found.append(f"{path}: {text[:90]}")
        if not path.endswith(" (names)") and not is_payload and field not in SENTENCES | OWN:
            found.append(f"{path}: not listed in this test")
    return sorted(set(found))


def asked(world: CanaryWorld, template: str) -> list[str]:
    """The URLs with which a route is read."""
    known = {name: quote(text, safe="") for name, text in world.ids.items()}
    path = template.format_map(known)
    bare = [] if template == "/v1/evidence" else [path]
    return [*bare, *(f"{path}?{query.format_map(known)}" for query in QUERIES.get(template, []))]


def operations() -> set[str]:
    """Each operation of the API, as OpenAPI names it."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_a_stranger_is_in_json_only_where_a_value_is(world: CanaryWorld, call: Callable[..., Any]) -> None:
    reads = sorted(name.partition(" ")[2] for name in operations() - ELSEWHERE if name.startswith("GET"))

    answers = [
        (url, call("GET", url, world.keys["feed" if "notices" in url else "agent"]))
        for template in reads
        for url in asked(world, template)
    ]

    assert {answer.status_code for _, answer in answers} == {200}
    assert len(answers) > 15
    found = {url: misplaced(answer.json()) for url, answer in answers}
    assert {url: places for url, places in found.items() if places} == {}
    assert sum(len(CANARY.findall(answer.content.decode())) for _, answer in answers) > 500
    for url, answer in answers:
        if "notices" not in url and answer.status_code == 200:
            assert next(iter(answer.json().items())) == ("warning", WARNING), url


WRITES = {
    "POST /v1/signup": ("", {"project_name": canary("project")}),
    "POST /v1/feedback": ("feedback", {"session_id": "s", "rating": "down", "comment": canary("comment")}),
    "POST /v1/runs/diagnose": ("agent", {}),
    "POST /v1/runs/verify": ("agent", {"loop_id": "{loop_id}"}),
    "POST /v1/loops/{loop_id}/events": ("agent", {"kind": "answered", "note": canary("note")}),
    "POST /v1/evals": ("agent", {"eval_id": "{eval_id}", "passed": True, "detail": canary("detail")}),
}


def test_every_operation_is_walked() -> None:
    reads = {name for name in operations() if name.startswith("GET")}

    assert operations() - reads == WRITES.keys() | {name for name in ELSEWHERE if name.startswith("POST")}


@pytest.mark.parametrize("name", WRITES)
def test_what_was_sent_comes_back_as_a_value(name: str, world: CanaryWorld, call: Callable[..., Any]) -> None:
    key, body = WRITES[name]
    filled = json.loads(
        json.dumps(body).replace("{loop_id}", world.ids["loop_id"]).replace("{eval_id}", world.ids["eval_id"])
    )

    answer = call("POST", name.partition(" ")[2].format_map(world.ids), world.keys.get(key, ""), filled)

    assert misplaced(answer.json()) == []
