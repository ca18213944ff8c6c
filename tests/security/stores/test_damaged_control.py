"""A control database with rows missing or damaged is a 503 that names the column in the log, and never a 500."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone

from diagnosis.models import Loop
from tenants.installation import findings
from tenants.keys import provisioning
from tenants.stores import soundness
from tenants.stores.binding import bind, current_binding
from tests import ROOT
from tests.diagnosis.console_requests import page_of
from tests.module_data import ModuleData
from tests.security.stores import damages
from tests.security.stores.furnished_shop import Question, Shop, undone
from tests.staff_clients import operator

MODELS = damages.control_models()
ROWS = dict(damages.row_damages(MODELS))
VALUES = dict(damages.value_damages(MODELS))
ANSWERED = (200, 201, 202, 204, 302, 400, 401, 403, 404, 405, 409, 429, 503)
# Of each kind of damage one, with a question that needs what is damaged.
NAMED = {
    "diagnosis_packet.document object": ("diagnosis_packet.document", "/v1/packets/{packet}"),
    "diagnosis_packet.document nested": ("diagnosis_packet.document", "/v1/packets"),
    "diagnosis_packet.document list in one row": ("diagnosis_packet.document", "/v1/reports/latest.md"),
    "diagnosis_loop.issue null": ("diagnosis_loop.issue", "/v1/loops/{loop}"),
    "diagnosis_loop.state bytes": ("diagnosis_loop.state", "/v1/loops"),
    "diagnosis_loop.title no UTF-8": ("A column title", "/v1/loops"),
    "diagnosis_loop.cluster_id empty": ("diagnosis_loop.cluster_id", "/v1/runs/verify"),
    "diagnosis_loop.updated_at text": ("diagnosis_loop.updated_at", "/v1/loops"),
    "diagnosis_evalcandidate.document object": ("diagnosis_evalcandidate.document", "/v1/evals/{eval}?format=pytest"),
    "diagnosis_evalcandidate.document null": ("diagnosis_evalcandidate.document", "/v1/evals/{eval}"),
    "diagnosis_decision.audit_sequence text": ("diagnosis_decision.audit_sequence", "/v1/loops/{loop}/handoff"),
    "auth_user empty": ("user_id", "/v1/loops/{loop}"),
    "tenants_key.scopes number": ("tenants_key.scopes", "/v1/telemetry"),
    "tenants_key.revoked_at text": ("tenants_key.revoked_at", "/v1/telemetry"),
    "tenants_project.has_store text": ("tenants_project.has_store", "/v1/telemetry"),
    "tenants_project.expires_at text": ("tenants_project.expires_at", "/v1/telemetry"),
    "diagnosis_loop.created_at no day": ("diagnosis_loop.created_at", "/v1/loops"),
    "diagnosis_loop.created_at no date": ("diagnosis_loop.created_at", "/v1/dashboard"),
    "diagnosis_loop.updated_at no hour": ("diagnosis_loop.updated_at", "/v1/loops/{loop}/handoff"),
    "diagnosis_loop.created_at a word": ("diagnosis_loop.created_at", "/v1/loops/{loop}"),
    "tenants_key.created_at no day": ("tenants_key.created_at", "/v1/telemetry"),
}  # fmt: skip
# What code computes with, or an answer has to write, inside a document, and the question that needs it.
INSIDE = [
    ("diagnosis_verification.document", ".after.rate text", "page"),
    ("diagnosis_verification.document", ".after.window.start negative", "issue"),
    ("diagnosis_verification.document", ".trajectory.before.sessions text", "page"),
    ("diagnosis_loop.baseline", ".batches negative", "/v1/runs/verify"),
    ("diagnosis_loop.baseline", ".clustering texts", "/v1/runs/verify"),
    ("diagnosis_loop.baseline", ".operations true", "/v1/runs/verify"),
    ("diagnosis_loop.baseline", ".failures beyond", "/v1/runs/verify"),
    ("diagnosis_loop.baseline", ".window.start before the first", "/v1/runs/verify"),
    ("diagnosis_packet.document", ".window.end before the first", "/v1/reports/latest.md"),
    ("diagnosis_loopevent.detail", ".release huge", "/v1/loops/{loop}"),
    ("diagnosis_loop.issue", ".title surrogate", "/v1/loops/{loop}"),
    ("diagnosis_packet.document", ".impact.sampled text", "/v1/reports/latest.md"),
    ("diagnosis_packet.document", ".memory half", "packet page"),
    ("diagnosis_packet.document", ".failures huge", "/v1/packets/{packet}"),
    ("diagnosis_packet.document", ".reason deep", "/v1/packets/{packet}"),
]


@pytest.fixture(scope="module")
def module_data(
    build_module_data: Callable[..., Any], call: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModuleData]:
    """A project with rows in every table."""

    def build() -> Shop:
        minted = provisioning.mint_project("alice", "", timezone.now(), claim=False)
        shop = Shop(minted, call, operator(), tmp_path_factory.mktemp("shop"))
        shop.furnish()
        return shop

    yield from build_module_data(build)


@pytest.fixture
def shop(db: None, module_data: ModuleData) -> Shop:
    """That, for one test."""
    built: Shop = module_data.built
    return built


def unanswered(
    shop: Shop, name: str, questions: Iterable[Question], damage: damages.Damage | None = None
) -> list[tuple[str, str, int]]:
    """What was asked beside the damaged control database and got no answer that says what is the matter."""
    found = []
    with shop.damaged_control(damage or (ROWS | VALUES)[name]):
        for asked, ask in questions:
            with undone():
                status = ask().status_code
            if status not in ANSWERED:
                found.append((name, asked, status))
    return found


def test_the_shop_has_a_row_in_every_table(shop: Shop) -> None:
    empty = {model._meta.db_table for model in MODELS if not model._default_manager.exists()}

    assert empty <= {"auth_user_user_permissions", "tenants_counter"}


def test_a_sound_database_is_found_sound(shop: Shop) -> None:
    with bind(shop.minted.project):
        current_binding().alias()
        of_project = soundness.damaged_column(current_binding().connection)  # type: ignore[arg-type]

    assert (of_project, soundness.damaged_column(connection)) == ("", "")


def test_every_question_to_a_sound_database_is_answered(shop: Shop) -> None:
    found = []
    for asked, ask in shop.control_questions():
        with undone():
            found.append((asked, ask().status_code))

    assert [question for question in found if question[1] not in ANSWERED or question[1] == 503] == []


def test_every_json_column_has_a_form() -> None:
    columns = [
        (model, field.name)
        for model in MODELS
        for field in model._meta.concrete_fields
        if isinstance(field, models.JSONField)
    ]

    assert len(columns) > 8
    assert [column for column in columns if column[1] not in getattr(column[0], "json_forms", {})] == []


@pytest.mark.parametrize("name", NAMED)
def test_what_is_damaged_is_named_in_the_log_with_the_remedy(
    shop: Shop, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    column, path = NAMED[name]
    path = path.format(loop=shop.loop_id, packet=shop.loop.packet_id, eval=shop.eval_id)
    with shop.damaged_control((ROWS | VALUES)[name]):
        sent = ("POST", path, {"loop_id": shop.loop_id}) if "runs" in path else ("GET", path, None)
        answer = shop.agent(*sent)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert "The control database is not available" in caplog.text
    assert re.search(rf"{column} (\(rowid \d+\) )?holds wrong values", caplog.text)
    assert "docs/operations.md" in caplog.text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("diagnosis_loop.waiting_since text", "/admin/diagnosis/loop/"),
        ("diagnosis_packet empty", "/admin/diagnosis/loop/{loop}/change/"),
        ("auth_user.last_login text", "/admin/"),
        ("diagnosis_packet.document list", "/dashboard"),
        ("tenants_auditentry.at no day", "/admin/tenants/auditentry/"),
        ("diagnosis_loop.created_at a Julian day", "/admin/diagnosis/loop/"),
    ],
)
def test_a_page_beside_a_damaged_row_is_a_503_page(shop: Shop, name: str, path: str) -> None:
    browser = shop.dashboard if path == "/dashboard" else shop.boss

    with shop.damaged_control((ROWS | VALUES)[name]):
        page = browser.get(path.format(loop=quote(shop.loop_id)), HTTP_ACCEPT="text/html")

    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert b"not available just now" in page.content


@pytest.mark.parametrize(
    "name", ["tenants_project.has_store bytes", "tenants_installationfact.value no UTF-8"]
)
def test_checks_of_the_data_dir_and_readiness_name_the_damage(
    shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "recent", [])
    with shop.damaged_control(VALUES[name]):
        with pytest.raises(CommandError, match=r"damaged: .* holds wrong values"):
            call_command("check_data")
        ready = shop.call("GET", "/readyz")

    assert ready.status_code == 200
    assert [warning.partition(":")[0] for warning in ready.json()["warnings"]] == ["damaged"]


def test_a_command_beside_a_damaged_row_ends_with_the_remedy(new_installation: Callable[[], Path]) -> None:
    data_dir = new_installation()
    with closing(sqlite3.connect(data_dir / "control.sqlite3")) as file, file:
        file.execute("UPDATE auth_user SET is_superuser = 'x'")
    command = [sys.executable, "manage.py", "changepassword", "admin"]

    environment = os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "The control database: auth_user.is_superuser (rowid 1) holds wrong values"
    )


def test_a_fault_of_the_code_beside_a_sound_database_stays_a_500(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Loop, "get_severity_display", lambda _: {}["a bug"])

    answers = shop.agent("GET", "/v1/loops"), shop.boss.get("/admin/diagnosis/loop/")

    assert [answer.status_code for answer in answers] == [500, 500]


@pytest.mark.faults
def test_no_missing_row_of_the_control_database_is_a_500(shop: Shop) -> None:
    questions = list(shop.control_questions())

    assert [found for name in damages.sampled(ROWS, 40) for found in unanswered(shop, name, questions)] == []


@pytest.mark.faults
def test_no_wrong_value_of_the_control_database_is_a_500(shop: Shop) -> None:
    questions = list(shop.control_questions())

    assert [
        found for name in damages.sampled(VALUES, 40) for found in unanswered(shop, name, questions)
    ] == []


@pytest.mark.faults
@pytest.mark.parametrize("values", [damages.TIMES, damages.NUMBERS, damages.FLOATS])
def test_no_edge_of_a_kind_of_column_is_a_500(shop: Shop, values: dict[str, Any]) -> None:
    edges = {name: VALUES[name] for name in VALUES if name.partition(" ")[2] in values}
    questions = list(shop.control_questions())

    assert len(edges) > 3
    assert [found for name in damages.sampled(edges, 30) for found in unanswered(shop, name, questions)] == []


@pytest.mark.parametrize(("column", "value", "question"), INSIDE)
def test_a_wrong_value_inside_a_document_is_named_in_the_log_with_the_remedy(
    shop: Shop,
    column: str,
    value: str,
    question: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    every = damages.document_damages(MODELS, samples=20)
    of_each_row = [damage for name, damage in every if name.startswith(column) and name.endswith(value)]
    assert of_each_row
    path = question.format(loop=shop.loop_id, packet=shop.loop.packet_id)
    with shop.damaged_control(lambda file: [damage(file) for damage in of_each_row]):
        if path == "page":
            answer = shop.boss.get(page_of(shop.loop))
        elif path == "packet page":
            answer = shop.boss.get(f"/admin/diagnosis/packet/{quote(shop.loop.packet_id)}/change/")
        elif path == "issue":
            answer = shop.dashboard.get(f"/dashboard/issues/{shop.loop.cluster_id}")
        else:
            sent = ("POST", path, {"loop_id": shop.loop_id}) if "runs" in path else ("GET", path)
            answer = shop.agent(*sent)

    assert answer.status_code == 503
    assert re.search(rf"{column} \(rowid \d+\) holds wrong values", caplog.text)
    assert "docs/operations.md" in caplog.text


def document_faults(shop: Shop, number: int, asked: int) -> list[tuple[str, str, int]]:
    """Of so many wrong values inside documents, what so many questions found unanswered."""
    every = dict(damages.document_damages(MODELS))
    questions = list(shop.control_questions())
    return [
        found
        for name in damages.sampled(every, number)
        for found in unanswered(shop, name, random.Random(name).sample(questions, asked), every[name])
    ]


def test_a_sample_of_wrong_values_inside_documents_is_answered(shop: Shop) -> None:
    assert document_faults(shop, 10, asked=5) == []


@pytest.mark.faults
def test_no_wrong_value_inside_a_document_is_a_500(shop: Shop) -> None:
    assert document_faults(shop, 60, asked=len(list(shop.control_questions()))) == []
