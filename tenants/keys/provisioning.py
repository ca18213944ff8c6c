"""
State changes of projects and their keys: mint, graduate, recover.

Each change is one transaction with its audit log entry. Callers pass the time (`now`) and the actor (`by`). Raw keys
exist only in the return values.
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
from tenants.redactor import without_secrets


class NameClaimed(Exception):
    """A concurrent mint claimed the project name first."""


@dataclass(frozen=True, slots=True)
class MintedProject:
    """A project and its new raw keys by kind; `keys` is empty if no keys were created."""

    project: Project
    keys: dict[str, str] = field(default_factory=dict)


def new_project_id(name: str) -> str:
    """A project id such as `my-app-1a2b3c4d`: a slug of the name and 32 random bits in hex."""
    slug = re.sub(r"[^a-z0-9]+", "-", without_secrets(name).lower()).strip("-")[:40].strip("-") or "project"
    return f"{slug}-{secrets.token_hex(4)}"


def unused_project_id(name: str) -> str:
    """A project id that is not in use: 32 random bits can collide among many projects of one name."""
    project_id = new_project_id(name)
    while Project.objects.filter(project_id=project_id).exists():
        project_id = new_project_id(name)
    return project_id


def add_key(project: Project, kind: Key.Kind, now: datetime, expires_at: datetime | None = None) -> str:
    """Create a key and return its raw text, of which only the digest is stored."""
    raw = credentials.new_key(kind)
    Key.objects.create(
        project=project,
        kind=kind,
        digest=credentials.key_digest(raw),
        prefix=credentials.PREFIXES[kind],
        last_four=raw[-4:],
        scopes=credentials.SCOPES[kind],
        created_at=now,
        expires_at=expires_at,
    )
    return raw


def add_keys(project: Project, now: datetime) -> dict[str, str]:
    """Create one key of each kind and return the raw keys by kind."""
    return {kind.value: add_key(project, kind, now) for kind in Key.Kind}


def key_ids(project: Project) -> list[str]:
    """The ids of the project's keys that are not revoked, for the audit log."""
    return list(project.keys.filter(revoked_at=None).order_by("key_id").values_list("key_id", flat=True))


def sandbox() -> Tenant:
    """Return the tenant that all self-service projects share, creating it if needed."""
    return Tenant.objects.get_or_create(tenant_id=SANDBOX, defaults={"name": "Sandbox"})[0]


def claimed(name: str, operator: str, now: datetime) -> Project | None:
    """The sandbox project that holds this name for the operator, or None. An expired project no longer holds it."""
    project = Project.objects.filter(tenant_id=SANDBOX, operator=operator, claimed_name=name).first()
    return None if project is None or project.is_expired(now) else project


@transaction.atomic
def mint_project(name: str, operator: str, now: datetime, *, claim: bool, by: Actor = SHELL) -> MintedProject:
    """
    Create a sandbox project with its keys. With `claim`, the project holds its name until it expires.

    Raises NameClaimed if `claim` is set and a concurrent mint claimed the name first.
    """
    if claim:
        Project.objects.filter(
            tenant_id=SANDBOX, operator=operator, claimed_name=name, expires_at__lte=now
        ).update(claimed_name=None)
    try:
        with transaction.atomic():
            project = new_sandbox_project(name, operator, now, claim)
    except IntegrityError as error:
        raise NameClaimed(name) from error
    minted, target = MintedProject(project, add_keys(project, now)), f"project:{project.pk}"
    audit_log.append_entry(
        AuditEvent.PROJECT_MINTED, target, by, now, project.tenant_id, keys=key_ids(project)
    )
    return minted


def new_sandbox_project(name: str, operator: str, now: datetime, claim: bool) -> Project:
    """Create an expiring project without keys. Raises IntegrityError if another project claims the name."""
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
    """Whether this instance makes provisioned projects permanent without an upgrade code."""
    return bool(settings.PROVISION_AUTO_GRADUATE and settings.SIGNUP_UPGRADE_SECRET)


@transaction.atomic
def graduate(project: Project, now: datetime, by: Actor = SHELL) -> None:
    """Make a sandbox project permanent, with the same quota."""
    changes = {name: {"before": getattr(project, name), "after": None} for name in ("plan", "expires_at")}
    project.plan = None
    project.expires_at = None
    project.save(update_fields=["plan", "expires_at"])
    audit_log.append_entry(AuditEvent.CHANGED, f"project:{project.pk}", by, now, project.tenant_id, **changes)


@transaction.atomic
def recover_keys(project: Project, now: datetime, by: Actor = SHELL) -> MintedProject:
    """Revoke the project's keys and create new ones, in one transaction: exactly one set works at any moment."""
    # Of two concurrent calls, the second waits for this lock and then revokes the keys that the first created.
    Project.objects.select_for_update().get(pk=project.pk)
    old_ids = key_ids(project)
    project.keys.filter(key_id__in=old_ids).update(revoked_at=now)
    minted, target = MintedProject(project, add_keys(project, now)), f"project:{project.pk}"
    keys = {"before": old_ids, "after": key_ids(project)}
    audit_log.append_entry(AuditEvent.KEYS_RECOVERED, target, by, now, project.tenant_id, keys=keys)
    return minted
