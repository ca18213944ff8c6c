"""A store with rows missing or damaged gives answers that say so, and never a 500."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.security.stores import damages
from tests.security.stores.furnished_shop import Shop
from tests.telemetry.factory import request, span

MODELS = damages.telemetry_models()
MISSING = dict([*damages.row_damages(MODELS), *damages.byte_damages(MODELS)])
VALUES = dict(damages.value_damages(MODELS))
# One of each kind, for every run; `make faults` has many more.
SOME = [
    "telemetry_record half", "telemetry_segment.content cut", "telemetry_trace empty",
    "telemetry_trace.session_id bytes", "telemetry_rollup.duration_bucket negative in one row",
]  # fmt: skip
ANSWERED = (200, 202, 404, 409)
UNAVAILABLE = 503  # of a column with wrong values: the log names the column and the remedy


def unanswered(shop: Shop, name: str, rounds: int = 1) -> list[tuple[str, str, int]]:
    """What was asked of the damaged store and got no answer that says what is the matter."""
    shop.damage((MISSING | VALUES)[name])
    answered = (*ANSWERED, UNAVAILABLE) if name in VALUES else ANSWERED
    return [
        (name, asked, answer.status_code)
        for _ in range(rounds)  # the second one comes after writes
        for asked, ask in shop.questions()
        if (answer := ask()).status_code not in answered
    ]


def test_missing_rows_and_damaged_values_are_answered(shop: Shop) -> None:
    assert [found for name in SOME for found in unanswered(shop, name)] == []


@pytest.mark.faults
def test_no_missing_row_and_no_damaged_bytes_are_a_500(shop: Shop) -> None:
    assert [found for name in MISSING for found in unanswered(shop, name, 2)] == []


@pytest.mark.faults
def test_no_wrong_value_of_any_column_is_a_500(shop: Shop) -> None:
    assert [found for name in damages.sampled(VALUES, 60) for found in unanswered(shop, name)] == []


def test_a_diagnosis_goes_on_without_the_records_that_are_gone_and_says_so(shop: Shop) -> None:
    late = span("weigh", trace="weigh", id="w", at=datetime.now(UTC), error="no scales")
    shop.damage(MISSING["telemetry_record empty"])
    shop.call("POST", "/v1/traces", shop.minted.keys["producer"], request(late))

    packet = diagnose(shop.call, shop.minted)

    assert [issue["operation"] for issue in packet["issues"]] == ["weigh"]
    assert packet["completeness"]["complete"] is False
    assert "1 cluster left out: its records are not stored any more." in packet["completeness"]["note"]


def test_one_record_less_leaves_the_issue_and_its_other_evidence(shop: Shop) -> None:
    shop.damage(MISSING["telemetry_record first"])

    [issue] = diagnose(shop.call, shop.minted)["issues"]

    assert 0 < len(issue["evidence_ids"]) < 5
    assert issue["count"] == 4


def test_a_column_of_wrong_values_is_named_in_the_log_and_spares_other_projects(
    shop: Shop, charlie: MintedProject, caplog: pytest.LogCaptureFixture
) -> None:
    send_orders(shop.call, charlie, orders=2, failing=1)
    shop.damage(VALUES["telemetry_attribution.service bytes in one row"])

    refused = shop.call("POST", "/v1/runs/diagnose", shop.minted.keys["agent"], {"since_minutes": 60})
    others = shop.call("POST", "/v1/runs/diagnose", charlie.keys["agent"], {"since_minutes": 60})

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")
    assert "telemetry_attribution.service (rowid 4) holds wrong values" in caplog.text
    assert "docs/operations.md" in caplog.text
    assert others.status_code == 200


def test_a_fault_of_the_code_on_a_sound_store_stays_a_500(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: Any, **__: Any) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("diagnosis.api.run_views.diagnose", fault)

    answer = shop.call("POST", "/v1/runs/diagnose", shop.minted.keys["agent"], {"since_minutes": 60})

    assert answer.status_code == 500


def test_an_approval_waits_for_evidence_that_cannot_be_read(shop: Shop) -> None:
    shop.damage(MISSING["telemetry_segment.content cut"])
    agent, path = shop.minted.keys["agent"], f"/v1/loops/{shop.loop_id}/handoff"

    refused = shop.call("GET", path, agent)
    diagnose(shop.call, shop.minted)
    shop.damage(lambda file: None)

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "approval_outdated")
    assert "cannot be read" in refused.json()["error"]["message"]
    assert shop.call("GET", path, agent).status_code == 200


def test_nobody_approves_evidence_that_cannot_be_read(shop: Shop) -> None:
    Loop.objects.filter(pk=shop.loop_id).update(state="proposed")
    shop.damage(MISSING["telemetry_segment.content cut"])

    decide(shop.boss, stored_loop(), "approve")

    assert stored_loop().state == "proposed"


def test_bytes_in_a_column_of_texts_are_named(shop: Shop) -> None:
    shop.damage(lambda file: file.execute("UPDATE telemetry_record SET name = x'ff00fe', kind = 'x'"))

    page = shop.call("GET", "/v1/telemetry", shop.minted.keys["agent"]).json()

    shown = {(record["name"], record["kind"], *record["missing"]) for record in page["records"]}
    assert shown == {("", "unspecified", "columns")}
