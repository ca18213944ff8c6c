"""
How projects and keys come to be: mint, resume, graduate, upgrade, recover.

Each function is one state change, recorded in the audit log; `now` and who acts are passed in. Raw keys exist
only in what these functions return.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from tenants.audit import audit_log
from tenants.audit.audit_log import SHELL, Actor, AuditEvent
from tenants.keys import credentials
from tenants.models import SANDBOX, Key, Project, Tenant


class NameClaimed(Exception):
    """Another mint took the name at the same moment."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A project with its fresh raw keys by kind; `keys` is empty where none were made."""

    project: Project
    keys: dict[str, str] = field(default_factory=dict)


def new_project_id(name: str) -> str:
    """`my-app-1a2b3c4d`: a readable part and 32 random bits."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "project"
    return f"{slug}-{secrets.token_hex(4)}"


def unused_project_id(name: str) -> str:
    """An id that no project has: 32 random bits do meet again among many projects of one name."""
    project_id = new_project_id(name)
    while Project.objects.filter(project_id=project_id).exists():
        project_id = new_project_id(name)
    return project_id


def add_key(project: Project, kind: Key.Kind, now: datetime, expires_at: datetime | None = None) -> str:
    """The raw text of a fresh key, which is kept nowhere."""
    raw = credentials.new_key(kind)
    Key.objects.create(
        project=project,
        kind=kind,
        digest=credentials.digest(raw),
        prefix=credentials.PREFIXES[kind],
        last_four=raw[-4:],
        scopes=credentials.SCOPES[kind],
        created_at=now,
        expires_at=expires_at,
    )
    return raw


def add_keys(project: Project, now: datetime) -> dict[str, str]:
    """One fresh key of each kind."""
    return {kind.value: add_key(project, kind, now) for kind in Key.Kind}


def key_ids(project: Project) -> list[str]:
    """The ids of the keys that are not revoked, for the audit log."""
    return list(project.keys.filter(revoked_at=None).order_by("key_id").values_list("key_id", flat=True))


def sandbox() -> Tenant:
    """The tenant that self-service projects share."""
    return Tenant.objects.get_or_create(tenant_id=SANDBOX, defaults={"name": "Sandbox"})[0]


def claimed(name: str, operator: str, now: datetime) -> Project | None:
    """The project that holds this name; an expired one gives the name up."""
    project = Project.objects.filter(tenant_id=SANDBOX, operator=operator, claimed_name=name).first()
    return None if project is None or project.is_expired(now) else project


@transaction.atomic
def mint(name: str, operator: str, now: datetime, *, claim: bool, by: Actor = SHELL) -> Minted:
    """A new sandbox project with its keys. NameClaimed when `claim` is set and a racing mint won."""
    if claim:
        Project.objects.filter(
            tenant_id=SANDBOX, operator=operator, claimed_name=name, expires_at__lte=now
        ).update(claimed_name=None)
    try:
        with transaction.atomic():
            project = new_sandbox_project(name, operator, now, claim)
    except IntegrityError as error:
        raise NameClaimed(name) from error
    minted, target = Minted(project, add_keys(project, now)), f"project:{project.pk}"
    audit_log.record(AuditEvent.PROJECT_MINTED, target, by, now, project.tenant_id, keys=key_ids(project))
    return minted


def new_sandbox_project(name: str, operator: str, now: datetime, claim: bool) -> Project:
    """A project that expires, without keys. IntegrityError when the name is claimed by another."""
    return Project.objects.create(
        project_id=unused_project_id(name),
        tenant=sandbox(),
        name=name,
        operator=operator,
        claimed_name=name if claim else None,
        plan=Project.Plan.SANDBOX,
        quota_spans=settings.LOOPKIT_SANDBOX_SPANS,
        expires_at=now + timedelta(days=settings.LOOPKIT_SANDBOX_DAYS),
        created_at=now,
    )


def can_graduate_itself() -> bool:
    """Whether the operator lets provisioned projects become permanent without asking."""
    return bool(settings.PROVISION_AUTO_GRADUATE and settings.SIGNUP_UPGRADE_SECRET)


@transaction.atomic
def graduate(project: Project, now: datetime, by: Actor = SHELL) -> None:
    """Make a sandbox project permanent; its quota stays."""
    changed = {name: {"before": getattr(project, name), "after": None} for name in ("plan", "expires_at")}
    project.plan = None
    project.expires_at = None
    project.save(update_fields=["plan", "expires_at"])
    audit_log.record(AuditEvent.CHANGED, f"project:{project.pk}", by, now, project.tenant_id, **changed)


@transaction.atomic
def recover(project: Project, now: datetime, by: Actor = SHELL) -> Minted:
    """Fresh keys. The old ones are revoked in the same transaction: no moment has both or neither."""
    Project.objects.select_for_update().get(
        pk=project.pk
    )  # of two at once, the later revokes the earlier's keys
    revoked = key_ids(project)
    project.keys.filter(key_id__in=revoked).update(revoked_at=now)
    recovered, target = Minted(project, add_keys(project, now)), f"project:{project.pk}"
    keys = {"before": revoked, "after": key_ids(project)}
    audit_log.record(AuditEvent.KEYS_RECOVERED, target, by, now, project.tenant_id, keys=keys)
    return recovered
