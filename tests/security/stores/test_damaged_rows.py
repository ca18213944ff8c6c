"""A store with rows missing or damaged gives answers that say so, and never a 500."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tenants.stores import pool, project_file
from tests.diagnosis.console_requests import decide, page_of
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.security.stores import damages
from tests.staff_clients import operator
from tests.telemetry.factory import request, span

Answers = dict[str, Any]


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


class Shop:
    """A project with an approved loop, whose file can be damaged and put back."""

    def __init__(self, minted: MintedProject, call: Any, boss: Client, tmp_path: Path) -> None:
        self.minted, self.call, self.boss = minted, call, boss
        self.dashboard = Client(raise_request_exception=False)
        self.boss.raise_request_exception = False
        send_orders(call, minted, orders=8, failing=4)
        diagnose(call, minted)
        decide(boss, stored_loop(), "approve")
        self.loop_id = stored_loop().pk
        self.dashboard.post("/dashboard/sign-in", {"agent_key": minted.keys["agent"]})
        self.path = project_file.path_of(minted.project.pk)
        self.sound = tmp_path / "sound.sqlite3"
        pool.close_all()
        shutil.copyfile(self.path, self.sound)

    def damage(self, inflict: damages.Damage) -> None:
        """Put the sound file back, and damage it."""
        pool.close_all()
        for extra in self.path.parent.glob(f"{self.path.name}-*"):
            extra.unlink()
        shutil.copyfile(self.sound, f"{self.path}.new")
        damages.inflict(Path(f"{self.path}.new"), inflict)
        os.replace(f"{self.path}.new", self.path)

    def ask_everything(self) -> Iterator[tuple[str, Any]]:
        """Every kind of read and write of the project."""
        loop = Loop.objects.get(pk=self.loop_id)
        record = loop.issue["evidence_ids"][0]
        agent, key = self.minted.keys["agent"], self.minted.keys["producer"]
        late = span("later", trace="order 0", id="l", at=datetime.now(UTC), error="no stock")
        for path in (
            "/v1/telemetry", f"/v1/telemetry?record_id={record}", "/v1/telemetry?outcome=failure&session_id=s0",
            "/v1/sessions", "/v1/sessions?outcome=failure", "/v1/sessions/s0", "/v1/ledger", "/v1/dashboard",
            f"/v1/evidence?cluster_id={loop.cluster_id}", f"/v1/loops/{loop.pk}", f"/v1/loops/{loop.pk}/handoff",
            f"/v1/loops/{loop.pk}/handoff?format=zip", "/v1/reports/latest.md",
        ):  # fmt: skip
            yield path, self.call("GET", path, agent)
        yield "diagnose", self.call("POST", "/v1/runs/diagnose", agent, {"since_minutes": 60})
        yield "diagnose a month", self.call("POST", "/v1/runs/diagnose", agent, {"since_minutes": 43200})
        yield "loop page", self.boss.get(page_of(loop))
        yield "loop page of a record", self.boss.get(f"{page_of(loop)}?record={record}")
        for path in ("", "/sessions", "/session?id=s0", f"/records/{record}", f"/records/{record}/trace",
                     f"/issues/{loop.cluster_id}"):  # fmt: skip
            yield f"dashboard{path}", self.dashboard.get(f"/dashboard{path}")
        yield "ingest", self.call("POST", "/v1/traces", key, request(late))
        signal = {"session_id": "s1", "rating": "down"}
        yield "feedback", self.call("POST", "/v1/feedback", self.minted.keys["feedback"], signal)
        Loop.objects.filter(pk=loop.pk).update(state="shipped", shipped_at=loop.created_at)
        yield "verify", self.call("POST", "/v1/runs/verify", agent, {"loop_id": loop.pk})
        Loop.objects.filter(pk=loop.pk).update(state="approved", shipped_at=None, issue=loop.issue)


@pytest.fixture
def shop(alice: MintedProject, call: Any, boss: Client, tmp_path: Path) -> Shop:
    """The shop."""
    return Shop(alice, call, boss, tmp_path)


VALUES = dict(damages.value_damages())
EVERY_DAMAGE = dict([*damages.row_damages(), *damages.byte_damages()]) | VALUES
# One of each kind; `make faults` has all of them.
SOME = [
    "telemetry_record half",
    "telemetry_segment.content cut",
    "telemetry_trace empty",
    "telemetry_trace.session_id",
]
ANSWERED = (200, 202, 404, 409)
UNAVAILABLE = 503  # of a column with values of another type: the log names the store and the remedy


def unanswered(shop: Shop, name: str, rounds: int = 1) -> list[tuple[str, str, int]]:
    """What was asked of the damaged store and got no answer that says what is the matter."""
    shop.damage(EVERY_DAMAGE[name])
    answered = (*ANSWERED, UNAVAILABLE) if name in VALUES else ANSWERED
    return [
        (name, asked, answer.status_code)
        for _ in range(rounds)  # the second one comes after writes
        for asked, answer in shop.ask_everything()
        if answer.status_code not in answered
    ]


def test_missing_rows_and_damaged_values_are_answered(shop: Shop) -> None:
    assert [found for name in SOME for found in unanswered(shop, name)] == []


@pytest.mark.faults
def test_no_damage_of_any_row_or_column_is_a_500(shop: Shop) -> None:
    assert [found for name in EVERY_DAMAGE for found in unanswered(shop, name, 2)] == []


def test_a_diagnosis_goes_on_without_the_records_that_are_gone_and_says_so(shop: Shop) -> None:
    late = span("weigh", trace="weigh", id="w", at=datetime.now(UTC), error="no scales")
    shop.damage(EVERY_DAMAGE["telemetry_record empty"])
    shop.call("POST", "/v1/traces", shop.minted.keys["producer"], request(late))

    packet = diagnose(shop.call, shop.minted)

    assert [issue["operation"] for issue in packet["issues"]] == ["weigh"]
    assert packet["completeness"]["complete"] is False
    assert "1 cluster left out: its records are not stored any more." in packet["completeness"]["note"]


def test_one_record_less_leaves_the_issue_and_its_other_evidence(shop: Shop) -> None:
    shop.damage(EVERY_DAMAGE["telemetry_record first"])

    [issue] = diagnose(shop.call, shop.minted)["issues"]

    assert 0 < len(issue["evidence_ids"]) < 5
    assert issue["count"] == 4


def test_a_column_of_wrong_values_is_named_in_the_log_and_spares_other_projects(
    shop: Shop, charlie: MintedProject, caplog: pytest.LogCaptureFixture
) -> None:
    send_orders(shop.call, charlie, orders=2, failing=1)
    shop.damage(EVERY_DAMAGE["telemetry_attribution.service"])

    refused = shop.call("POST", "/v1/runs/diagnose", shop.minted.keys["agent"], {"since_minutes": 60})
    others = shop.call("POST", "/v1/runs/diagnose", charlie.keys["agent"], {"since_minutes": 60})

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")
    assert "telemetry_attribution.service holds values of another type" in caplog.text
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
    shop.damage(EVERY_DAMAGE["telemetry_segment.content cut"])
    agent, path = shop.minted.keys["agent"], f"/v1/loops/{shop.loop_id}/handoff"

    refused = shop.call("GET", path, agent)
    diagnose(shop.call, shop.minted)
    shop.damage(lambda file: None)

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "approval_outdated")
    assert "cannot be read" in refused.json()["error"]["message"]
    assert shop.call("GET", path, agent).status_code == 200


def test_nobody_approves_evidence_that_cannot_be_read(shop: Shop) -> None:
    Loop.objects.filter(pk=shop.loop_id).update(state="proposed")
    shop.damage(EVERY_DAMAGE["telemetry_segment.content cut"])

    decide(shop.boss, stored_loop(), "approve")

    assert stored_loop().state == "proposed"


def test_bytes_in_a_column_of_texts_are_named(shop: Shop) -> None:
    shop.damage(lambda file: file.execute("UPDATE telemetry_record SET name = x'ff00fe', kind = 'x'"))

    page = shop.call("GET", "/v1/telemetry", shop.minted.keys["agent"]).json()

    shown = {(record["name"], record["kind"], *record["missing"]) for record in page["records"]}
    assert shown == {("", "unspecified", "columns")}
