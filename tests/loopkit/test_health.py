"""Liveness that touches nothing; readiness that names the reason and the remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from loopkit.health import newest_migrations


@pytest.mark.parametrize("path", ["/health", "/livez"])
def test_liveness_touches_no_database(call: Callable[..., Any], db: None, path: str, settings: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = call("GET", path)

    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "status": "live", "version": settings.LOOPKIT_VERSION}
    assert len(queries) == 0


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz"])
def test_a_head_request_is_answered_without_a_body(call: Callable[..., Any], db: None, path: str) -> None:
    answer = call("HEAD", path)

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_prepared_instance_is_ready(call: Callable[..., Any], db: None) -> None:
    answer = call("GET", "/readyz")

    checks = dict.fromkeys(["control_database", "migrations", "data_dir", "template"], "ok")
    assert answer.json() == {"ok": True, "checks": checks, "warnings": []}


def test_readiness_costs_three_queries_at_most(call: Callable[..., Any], db: None) -> None:
    call("GET", "/readyz")

    with CaptureQueriesContext(connection) as queries:
        call("GET", "/readyz")

    assert 0 < len(queries) <= 3


def test_a_missing_migration_is_named_with_its_remedy(call: Callable[..., Any], db: None) -> None:
    newest = dict(newest_migrations())["tenants"]
    MigrationRecorder(connection).record_unapplied("tenants", newest)

    answer = call("GET", "/readyz")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 1
    error = answer.json()["error"]
    assert error["code"] == "not_ready"
    assert error["message"] == f"migrations: not applied: tenants.{newest}"
    assert "manage.py prepare" in error["hint"]


def test_a_missing_data_dir_is_named(
    call: Callable[..., Any], db: None, settings: Any, tmp_path: Path
) -> None:
    settings.LOOPKIT_DATA_DIR = tmp_path / "gone"

    answer = call("GET", "/readyz")

    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith("data_dir: ")
    assert "LOOPKIT_DATA_DIR" in answer.json()["error"]["hint"]


def test_a_template_that_cannot_be_made_is_named(call: Callable[..., Any], db: None, data_dir: Path) -> None:
    shutil.rmtree(data_dir / "projects")
    (data_dir / "projects").write_text("a file where a directory should be")

    answer = call("GET", "/readyz")

    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith("template: ")


def test_the_real_server_is_ready(server: Any) -> None:
    answer = server.call("GET", "/readyz")

    assert (answer.status, answer.json()["ok"]) == (200, True)
