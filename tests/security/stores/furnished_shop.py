"""A project with rows in every table, whose store and control database can be damaged, and every question to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from diagnosis.models import (
    FeedKey,
    FingerprintSwitch,
    Lease,
    Loop,
    Mail,
    MailChoice,
    Notice,
    NoticeRead,
    Packet,
    Tracker,
)
from diagnosis.notices import feed_keys
from loopkit import roles
from tenants.keys.provisioning import MintedProject
from tenants.models import AccessRequest, AuditEntry, InstallationFact, Key, Project, Tenant
from tenants.stores import pool, project_file
from tests.diagnosis.console_requests import decide, page_of
from tests.security.approvals.failing_shop import diagnose, send_orders
from tests.security.stores import damages
from tests.security.url_paths import admin_paths
from tests.staff_clients import home
from tests.telemetry.factory import request, span

Question = tuple[str, Any]  # what is asked, and the function that asks


class Shop:
    """A project with an approved loop and a row of everything."""

    def __init__(self, minted: MintedProject, call: Any, boss: Client, tmp_path: Path) -> None:
        self.minted, self.call, self.boss = minted, call, boss
        self.dashboard = Client(raise_request_exception=False)
        self.boss.raise_request_exception = False
        send_orders(call, minted, orders=8, failing=4)
        diagnose(call, minted)
        self.loop = Loop.objects.get()
        decide(boss, self.loop, "approve")
        self.loop_id = self.loop.pk
        self.dashboard.post("/dashboard/sign-in", {"agent_key": minted.keys["agent"]})
        self.sound = tmp_path / "sound.sqlite3"
        pool.close_all()
        shutil.copyfile(self.path, self.sound)

    @property
    def path(self) -> Path:
        """The project's file in the data dir of the test."""
        return project_file.path_of(self.minted.project.pk)

    def damage(self, inflict: damages.Damage) -> None:
        """Put the sound file back, and damage it."""
        pool.close_all()
        for extra in self.path.parent.glob(f"{self.path.name}-*"):
            extra.unlink()
        shutil.copyfile(self.sound, f"{self.path}.new")
        damages.inflict_on_file(Path(f"{self.path}.new"), inflict)
        os.replace(f"{self.path}.new", self.path)

    def furnish(self) -> None:
        """Put rows into the tables of the control database that have none yet."""
        now = timezone.now()
        roles.make_roles()
        tenant = home(self.minted.project, "alice").tenant
        boss = User.objects.get(username="boss")
        boss.groups.add(Group.objects.all()[0])
        tenant.members.add(boss)
        self.feed_key = feed_keys.mint_feed_key(tenant, "chat", now)
        weigh = span("weigh", trace="weigh", id="w", at=now, error="no scales")
        self.call("POST", "/v1/traces", self.minted.keys["producer"], request(weigh))
        diagnose(self.call, self.minted)
        self.agent("POST", "/v1/loops/{loop}/events", {"kind": "shipped", "release": "r2"})
        self.agent("POST", "/v1/runs/verify", {"loop_id": self.loop_id})
        self.eval_id = self.loop.issue["eval_candidate"]
        self.agent("POST", "/v1/evals", {"eval_id": self.eval_id, "passed": True, "release": "r2"})
        Tracker.objects.create(
            project=self.minted.project, kind="jira", url="https://a.example", jira_project=1
        )
        AccessRequest.objects.create(name="zoe", email="zoe@example.org", created_at=now)
        MailChoice.objects.create(user=boss, tenant=tenant, mode="each")
        notice = Notice.objects.all()[0]
        NoticeRead.objects.create(notice=notice, user=boss)
        Mail.objects.create(notice=Notice.objects.all()[1], user=boss, due_at=now)
        Lease.objects.get_or_create(name="rounds")
        InstallationFact.objects.get_or_create(name="now", defaults={"value": "{}"})
        FingerprintSwitch.objects.create(
            project=self.minted.project, from_version=1, to_version=2, actor="user:boss", phase="done",
            started_at=now, finished_at=now,
        )  # fmt: skip
        kind = ContentType.objects.get_for_model(Project)
        LogEntry.objects.create(
            user=boss, content_type=kind, object_id=self.minted.project.pk, action_flag=CHANGE
        )

    def agent(self, method: str, path: str, data: Any = None) -> Any:
        """An answer to the agent key."""
        return self.call(method, path.format(loop=self.loop_id), self.minted.keys["agent"], data)

    def questions(self) -> Iterator[Question]:
        """Every kind of read and write of the project's telemetry."""
        loop = self.loop
        record = loop.issue["evidence_ids"][0]
        key = self.minted.keys["producer"]
        late = span("later", trace="order 0", id="l", at=datetime.now(UTC), error="no stock")
        for path in (
            "/v1/telemetry", f"/v1/telemetry?record_id={record}", "/v1/telemetry?outcome=failure&session_id=s0",
            "/v1/sessions", "/v1/sessions?outcome=failure", "/v1/sessions/s0", "/v1/ledger", "/v1/dashboard",
            f"/v1/evidence?cluster_id={loop.cluster_id}", f"/v1/loops/{loop.pk}", f"/v1/loops/{loop.pk}/handoff",
            f"/v1/loops/{loop.pk}/handoff?format=zip", "/v1/reports/latest.md",
        ):  # fmt: skip
            yield path, partial(self.agent, "GET", path)
        for minutes in 60, 43200:
            diagnosis = {"since_minutes": minutes}
            yield f"diagnose {minutes}", partial(self.agent, "POST", "/v1/runs/diagnose", diagnosis)
        yield "loop page", partial(self.boss.get, page_of(loop))
        yield "loop page of a record", partial(self.boss.get, f"{page_of(loop)}?record={record}")
        yield "ledger page", partial(self.boss.get, f"/admin/projects/{self.minted.project.pk}/ledger/")
        yield (
            "fingerprints",
            partial(self.boss.get, f"/admin/projects/{self.minted.project.pk}/fingerprints/"),
        )
        for path in ("", "/sessions", "/session?session_id=s0", f"/records/{record}", f"/records/{record}/trace",
                     f"/issues/{loop.cluster_id}"):  # fmt: skip
            yield f"dashboard{path}", partial(self.dashboard.get, f"/dashboard{path}")
        yield "ingest", partial(self.call, "POST", "/v1/traces", key, request(late))
        signal = {"session_id": "s1", "rating": "down"}
        yield "feedback", partial(self.call, "POST", "/v1/feedback", self.minted.keys["feedback"], signal)
        yield "verify", self.verify_as_shipped

    def verify_as_shipped(self) -> Any:
        """Verify the loop as if it were shipped."""
        rows = Loop.objects.filter(pk=self.loop_id)
        rows.update(state="shipped", shipped_at=self.loop.created_at)
        answer = self.agent("POST", "/v1/runs/verify", {"loop_id": self.loop_id})
        rows.update(state="approved", shipped_at=None, issue=self.loop.issue)
        return answer

    def control_questions(self) -> Iterator[Question]:
        """Every kind of read and write of the control database."""
        loop, agent = self.loop, partial(partial, self.agent)
        for path in (
            "packets", f"packets/{loop.packet_id}", "loops", f"loops/{loop.pk}", f"loops/{loop.pk}/handoff",
            f"loops/{loop.pk}/handoff?format=zip", "dashboard", "funnel", "reports/latest.md", "telemetry",
            *(f"evals/{self.eval_id}?format={form}" for form in ("json", "jsonl", "pytest", "promptfoo")),
        ):  # fmt: skip
            yield path, agent("GET", f"/v1/{path}")
        yield "diagnose", agent("POST", "/v1/runs/diagnose", {"since_minutes": 61})
        yield "verify", agent("POST", "/v1/runs/verify", {"loop_id": loop.pk})
        issue = {"kind": "issue_opened", "note": "done"}
        yield "issue opened", agent("POST", f"/v1/loops/{loop.pk}/events", issue)
        yield "eval result", agent("POST", "/v1/evals", {"eval_id": self.eval_id, "passed": False})
        for form in "json", "atom":
            yield form, partial(self.call, "GET", f"/v1/notices.{form}", self.feed_key)
        for path in ("", "/sessions", f"/issues/{loop.cluster_id}"):
            yield f"dashboard{path}", partial(self.dashboard.get, f"/dashboard{path}")
        yield (
            "sign in",
            partial(
                Client(raise_request_exception=False).post,
                "/dashboard/sign-in",
                {"agent_key": self.minted.keys["agent"]},
            ),
        )
        late = request(span("later", trace="order 0", id="l", at=datetime.now(UTC), error="no stock"))
        yield "ingest", partial(self.call, "POST", "/v1/traces", self.minted.keys["producer"], late)
        for path in "provision", "signup":
            yield path, partial(self.call, "POST", f"/v1/{path}", "", {"project_name": "alice"})
        code = {"project_id": self.minted.project.pk, "recovery_code": "x"}
        yield "recover", partial(self.call, "POST", "/v1/recover", "", code)
        yield "readiness", partial(self.call, "GET", "/readyz")
        yield "decide", partial(decide, self.boss, Loop.objects.exclude(pk=loop.pk).defer(None)[0], "reject")
        for path in admin_paths(self.rows()):
            yield path, partial(self.boss.get, path)

    def rows(self) -> dict[Any, list[str]]:
        """The newest row of each model that the admin shows."""
        shown = (
            Tenant, Project, Key, Packet, Loop, Notice, Tracker, FeedKey, AccessRequest, AuditEntry, User, Group,
        )  # fmt: skip
        return {
            model: [str(pk) for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:1]]
            for model in shown
        } | {Loop: [self.loop_id], Packet: [self.loop.packet_id]}

    @contextmanager
    def damaged_control(self, damage: damages.Damage) -> Iterator[None]:
        """Damage the control database inside the block."""
        with undone():
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (trigger,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {trigger}")
            damage(connection.connection)
            yield


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block does to the control database."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
