"""What a restore from a backup, a lost file or secret, or another LoopKit leaves behind is noticed, by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from loopkit import prepare
from loopkit.secret_files import stored_secret
from tenants.audit import audit_log, head
from tenants.audit.audit_log import AuditEvent
from tenants.installation import findings, restores, secret_marks
from tenants.installation.backup import back_up
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Project
from tenants.stores import pool, project_file
from tests import ROOT
from tests.server import manage
from tests.tenants.stores.test_project_file import SPANS

README = (ROOT / "README.md").read_text()
BACKUP = README.split("\n### Backups\n")[1].split("```bash\n")[1].split("```")[0]


def names() -> set[str]:
    """The names of what is found now."""
    return {finding.name for finding in findings.find_all(timezone.now())}


def remove_file(project: Project) -> None:
    """Everything of the project's file that the documented backup of before did not have either."""
    pool.close_all()
    for path in project_file.path_of(project.project_id).parent.glob(f"*{project.project_id}*"):
        path.unlink()


@pytest.fixture
def entry(django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """`entry()`: one more entry of the audit log, committed as far as the head file can tell."""

    def append() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            audit_log.append_entry(AuditEvent.CHANGED, "test:test", audit_log.SHELL, timezone.now())

    return append


@pytest.fixture
def accept(django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """`accept()`: an operator accepts the state."""

    def check() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            call_command("check_data", "--accept")

    return check


def verified(capsys: pytest.CaptureFixture[str]) -> str:
    """What `verify_audit` prints; it raises if it finds anything."""
    capsys.readouterr()
    call_command("verify_audit")
    return capsys.readouterr().out


# Project files


@pytest.mark.parametrize("kind", ["producer", "agent"])
def test_a_project_whose_file_is_not_in_the_backup_is_not_begun_anew(
    alice: MintedProject, call: Any, kind: str
) -> None:
    assert call("POST", "/v1/traces", alice.keys["producer"], SPANS).status_code == 202
    remove_file(alice.project)

    answer = (
        call("POST", "/v1/traces", alice.keys["producer"], SPANS)
        if kind == "producer"
        else call("GET", "/v1/telemetry", alice.keys["agent"])
    )

    assert answer.status_code == 503
    assert not project_file.path_of(alice.project.project_id).exists()
    found = next(finding for finding in findings.find_all(timezone.now()) if finding.name == "missing_files")
    assert found.details == (alice.project.project_id,)
    assert "forget_store" in found.remedy


def test_an_empty_file_in_the_place_of_a_store_is_no_store(alice: MintedProject, call: Any) -> None:
    assert call("POST", "/v1/traces", alice.keys["producer"], SPANS).status_code == 202
    path = project_file.path_of(alice.project.project_id)
    pool.close_all()
    path.unlink()
    path.touch()  # as `sqlite3 broken.sqlite3 .recover | sqlite3 new.sqlite3` leaves it where .recover fails

    with pytest.raises(CommandError, match="is empty, or not a store: put a copy"):
        call_command("migrate_projects", verbosity=0)

    assert call("POST", "/v1/traces", alice.keys["producer"], SPANS).status_code == 503
    assert call("GET", "/v1/telemetry", alice.keys["agent"]).status_code == 503


def test_the_log_names_the_remedy_of_a_missing_file(alice: MintedProject, call: Any, caplog: Any) -> None:
    call("POST", "/v1/traces", alice.keys["producer"], SPANS)
    remove_file(alice.project)
    call("POST", "/v1/traces", alice.keys["producer"], SPANS)

    assert f"manage.py forget_store {alice.project.project_id}" in caplog.text


def test_forgetting_a_store_begins_with_an_empty_one_and_is_on_record(
    alice: MintedProject, call: Any, capsys: Any
) -> None:
    call("POST", "/v1/traces", alice.keys["producer"], SPANS)
    with pytest.raises(CommandError, match="is there: move it away first"):
        call_command("forget_store", alice.project.project_id)
    remove_file(alice.project)

    call_command("forget_store", alice.project.project_id)

    assert AuditEntry.objects.latest("sequence").detail == {"has_store": {"before": True, "after": False}}
    assert call("POST", "/v1/traces", alice.keys["producer"], SPANS).status_code == 202
    assert names() == set()


def test_forgetting_the_store_of_no_project_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="There is no project shop-1"):
        call_command("forget_store", "shop-1")


def test_files_of_no_project_are_named_to_the_operator_and_counted_for_everybody(
    db: None, data_dir: Path, call: Any
) -> None:
    shutil.copy(project_file.template_file(), data_dir / "projects" / "shop-1a2b3c4d.sqlite3")

    (found,) = findings.find_all(timezone.now())
    ready = call("GET", "/readyz")

    assert (found.name, found.details) == ("project_files", ("shop-1a2b3c4d",))
    assert ready.status_code == 200
    assert ready.json()["warnings"] == [
        "project_files: Of the project files, 1 without a project. Restore a control database that is as new as the "
        "files, or move these files away."
    ]


def test_marks_of_earlier_versions_are_taken_over(
    alice: MintedProject, charlie: MintedProject, data_dir: Path
) -> None:
    mark = data_dir / "projects" / f".{alice.project.project_id}.made"
    mark.touch()

    prepare.record_stores(data_dir)

    assert dict(Project.objects.values_list("name", "has_store")) == {"alice": True, "charlie": False}
    assert not mark.exists()


# The control database


def test_a_control_database_that_is_older_than_the_head_is_noticed_accepted_and_on_record(
    db: None, data_dir: Path, call: Any, capsys: Any, entry: Callable[[], None], accept: Callable[[], None]
) -> None:
    entry()
    (data_dir / "audit.head").write_text(
        f"7 {'ab' * 32}\n"
    )  # as it stands beside a log restored to one entry

    ready = call("GET", "/readyz").json()["warnings"]
    with pytest.raises(CommandError, match="keys revoked since work again"):
        call_command("check_data")
    with pytest.raises(CommandError, match=r"If a backup was restored, run manage.py check_data"):
        call_command("verify_audit")
    accept()

    assert ready[0].startswith("control_database: The audit log ends with entry 1 and lacks entry 7")
    assert names() == set()
    assert "Entry 2 accepted the data dir as it was found" in verified(capsys)
    assert "Entries up to 7 of the log before are gone." in verified(capsys)
    assert AuditEntry.objects.get(sequence=2).detail["lost_head"] == f"7 {'ab' * 32}"
    entry()
    assert head.known_head() == head.AuditHead(3, AuditEntry.objects.get(sequence=3).hash)


def test_a_newer_control_database_is_named_in_readiness_and_refused_by_prepare(
    db: None, call: Any, settings: Any
) -> None:
    MigrationRecorder(connection).record_applied("tenants", "0999_later")
    MigrationRecorder(connection).record_applied("auth", "0999_later")
    MigrationRecorder(connection).record_applied("an_app_that_is_gone", "0001_initial")

    ready = call("GET", "/readyz")
    with pytest.raises(CommandError, match=r"Nothing was changed: .*auth\.0999_later, tenants\.0999_later"):
        call_command("prepare")

    error = ready.json()["error"]
    assert ready.status_code == 503
    assert "of a newer LoopKit: auth.0999_later, tenants.0999_later" in error["message"]
    assert "an_app_that_is_gone" not in error["message"]


# Secrets


@pytest.mark.parametrize("trace", ["control.sqlite3", "audit.head", "projects/shop-1a2b3c4d.sqlite3"])
def test_a_lost_secret_of_a_data_dir_in_use_is_not_made_anew(tmp_path: Path, trace: str) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / ".template-1.sqlite3").touch()
    assert stored_secret(tmp_path, "audit")
    (tmp_path / trace).touch()
    shutil.rmtree(tmp_path / "secrets")

    with pytest.raises(ImproperlyConfigured, match=r"secrets/audit is missing.*LOOPKIT_NEW_SECRETS=1"):
        stored_secret(tmp_path, "audit")
    assert not (tmp_path / "secrets").exists()


def test_a_lost_secret_is_made_anew_when_that_is_asked_for_and_logged(tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "audit.head").touch()

    assert stored_secret(tmp_path, "audit", may_replace=True)
    assert "secrets/audit was missing: a new secret is made" in caplog.text


@pytest.mark.parametrize("name", secret_marks.LOSSES)
def test_a_secret_that_was_made_anew_is_named_though_its_database_is_of_an_earlier_version(
    db: None, data_dir: Path, name: str, accept: Callable[[], None]
) -> None:
    (data_dir / "projects" / "shop-1a2b3c4d.sqlite3").touch()
    stored_secret(data_dir, secret_marks.MARKS[name].removesuffix(".replaced"), may_replace=True)
    (data_dir / "projects" / "shop-1a2b3c4d.sqlite3").unlink()

    secret_marks.remember_secrets({})  # as `manage.py prepare` does after the upgrade

    (found,) = findings.find_all(timezone.now())
    assert found.message == f"{name} is another one than before: {secret_marks.LOSSES[name]}."
    accept()
    assert names() == set()


@pytest.mark.parametrize("name", secret_marks.LOSSES)
def test_another_secret_than_before_is_named(
    db: None, settings: Any, name: str, accept: Callable[[], None]
) -> None:
    secret_marks.remember_secrets({})
    assert names() == set()

    setattr(settings, name, "another one")

    (found,) = findings.find_all(timezone.now())
    assert found.message == f"{name} is another one than before: {secret_marks.LOSSES[name]}."
    accept()
    assert names() == set()


def test_the_audit_log_verifies_from_where_a_lost_secret_was_accepted(
    db: None, settings: Any, capsys: Any, entry: Callable[[], None], accept: Callable[[], None]
) -> None:
    secret_marks.remember_secrets({})
    for _ in range(3):
        entry()
    settings.LOOPKIT_AUDIT_SECRET = "another one"
    with pytest.raises(CommandError):
        call_command("verify_audit")
    accept()
    entry()

    assert "Entries up to 3 cannot be verified: they were written with a secret that is lost." in verified(
        capsys
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_no_update")
        cursor.execute("UPDATE tenants_auditentry SET actor = 'nobody' WHERE sequence = 5")
    with pytest.raises(CommandError, match="Entry 5 is not what LoopKit wrote"):
        call_command("verify_audit")


def test_an_acceptance_that_the_secret_of_now_did_not_seal_skips_nothing(
    db: None, settings: Any, entry: Callable[[], None]
) -> None:
    for _ in range(2):
        entry()
    detail = {"findings": [], "lost_head": "", "secrets": ["LOOPKIT_AUDIT_SECRET"]}
    AuditEntry.objects.create(
        sequence=3, at=timezone.now(), event="accepted", actor="shell", target="x", detail=detail, hash="00"
    )

    with pytest.raises(CommandError, match="Entry 3 is not what LoopKit wrote"):
        call_command("verify_audit")


# Backups


def test_a_backup_is_whole_and_verifies(
    alice: MintedProject, call: Any, data_dir: Path, tmp_path: Path, entry: Callable[[], None]
) -> None:
    call("POST", "/v1/traces", alice.keys["producer"], SPANS)
    entry()
    (data_dir / "secrets").mkdir()
    (data_dir / "secrets" / "audit").write_text("x")
    (data_dir / "projects" / "broken-1.sqlite3").write_bytes(b"no database" * 999)

    copies = dict(back_up(data_dir, tmp_path / "copy", timezone.now()))

    project = f"{alice.project.project_id}.sqlite3"
    assert copies[project] == ""
    assert "not a database" in copies["broken-1.sqlite3"]
    with closing(sqlite3.connect(tmp_path / "copy" / "projects" / project)) as database:
        assert database.execute("SELECT count(*) FROM telemetry_record").fetchone() == (1,)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    assert {path.name for path in (tmp_path / "copy").iterdir()} >= {"projects", "secrets", "backup.json"}


@pytest.mark.parametrize("inside", ["", "projects/copy", "copy/../copy", "link/copy"])
def test_no_backup_is_made_inside_the_data_dir(data_dir: Path, db: None, inside: str) -> None:
    (data_dir / "link").symlink_to(data_dir)

    with pytest.raises(
        CommandError, match="is inside the data dir, and would be lost with it: name a folder elsewhere"
    ):
        call_command("backup", str(data_dir / inside))
    assert not list(data_dir.rglob("backup.json"))


def test_a_backup_never_mixes_with_another(data_dir: Path, tmp_path: Path, db: None) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match="is not empty: name a new folder"):
        call_command("backup", str(tmp_path))


def test_a_restored_data_dir_says_so_until_it_is_accepted(
    db: None,
    data_dir: Path,
    call: Any,
    capsys: Any,
    caplog: Any,
    entry: Callable[[], None],
    accept: Callable[[], None],
) -> None:
    entry()
    restores.write_note(data_dir, timezone.now() - timedelta(days=2))

    prepare.log_findings()
    ready = call("GET", "/readyz").json()["warnings"]
    honest = verified(capsys)
    accept()

    assert "keys revoked since then work again" in caplog.text
    assert ready[0].startswith("restored: This data dir was restored from the backup of")
    assert "Restored from the backup of" in honest
    assert names() == set()
    assert "later entries are gone" not in verified(capsys)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"taken_at": 3}', '{"taken_at": "yesterday"}'])
def test_a_note_that_somebody_edited_is_still_a_restore(db: None, data_dir: Path, content: str) -> None:
    (data_dir / restores.NOTE).write_text(content)

    assert names() == {"restored"}


def test_the_readmes_backup_restores_with_a_log_that_verifies(
    new_installation: Callable[[], Path], tmp_path: Path
) -> None:
    data_dir = new_installation()
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)}
    add_entry = (
        "from tenants.audit.audit_log import *; from django.utils import timezone; "
        "append_entry(AuditEvent.CHANGED, 'a:b', SHELL, timezone.now())"
    )
    manage(environment, "shell", "-c", add_entry)
    block = BACKUP.replace("/backup/", f"{tmp_path}/").replace(".venv/bin/python", sys.executable)
    assert str(tmp_path) in block

    subprocess.run(["bash", "-euc", block], cwd=ROOT, env=environment, check=True, capture_output=True)
    shutil.rmtree(data_dir)
    (copy,) = tmp_path.iterdir()
    copy.rename(data_dir)

    assert re.search(r"1 entries, last \w+\nRestored from the backup", manage(environment, "verify_audit"))
    assert json.loads((data_dir / "backup.json").read_text())["taken_at"]


# The cost


def test_readiness_looks_once_in_half_a_minute(
    db: None, call: Any, django_assert_max_num_queries: Any
) -> None:
    call("GET", "/readyz")

    with django_assert_max_num_queries(3):
        call("GET", "/readyz")
