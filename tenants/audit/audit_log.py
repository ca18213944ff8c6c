"""
The audit log: who did what to what, when, and from which address. docs/audit.md says what it can prove.

An entry is appended in the transaction of the action that it records, so neither is stored without the other. Entries
contain no secret, no raw key and no content of telemetry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.http import HttpRequest

from tenants.audit import chain, head, numbers
from tenants.audit.stored_entries import readable_hash
from tenants.limits import rate_limits
from tenants.models import AuditEntry
from tenants.redactor import without_secrets

AuditEvent = AuditEntry.Event
# Key of the PostgreSQL advisory lock for appending: any number that nothing else in the control database locks.
LOCK = 0x10_0B_17


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, key or shell that acts, and the network address it acts from."""

    actor: str
    address: str = ""


SHELL = Actor("shell")  # for actions outside a request: somebody with a shell on the machine


def actor_at(request: HttpRequest, actor: str = "anyone") -> Actor:
    """The actor with the client address of the request."""
    return Actor(actor, rate_limits.client_address(request))


def staff(request: HttpRequest) -> Actor:
    """The signed-in person with the client address of the request."""
    return actor_at(request, person(request.user))


def person(user: AbstractBaseUser | AnonymousUser) -> str:
    """The name of a user in the audit log."""
    return f"user:{user.get_username()}"


@transaction.atomic(savepoint=False)
def append_entry(
    event: AuditEntry.Event, target: str, by: Actor, now: datetime, tenant_id: str = "", /, **detail: Any
) -> AuditEntry:
    """
    Append one entry, in the caller's transaction if there is one, and return it.

    Call this last in the transaction: other appends wait from this call until the transaction ends. Raises
    NoNumberFollows where the log was edited so that it cannot be continued.
    """
    lock()
    number = numbers.next_number()
    before = AuditEntry.objects.filter(sequence=number - 1).values_list("hash", flat=True).first()
    entry = AuditEntry(
        sequence=number,
        at=now,
        event=event,
        actor=by.actor,
        target=target,
        tenant_id=tenant_id,
        address=by.address,
        # As it will be read back: times become text.
        detail=without_secrets(orjson.loads(orjson.dumps(detail))),
    )
    entry.hash = chain.seal(entry, readable_hash(before), settings.LOOPKIT_AUDIT_SECRET)
    entry.save(force_insert=True)
    # robust: the committed action must not fail because the head file could not be written.
    transaction.on_commit(partial(head.advance_head, entry), robust=True)
    return entry


def lock() -> None:
    """
    Let one transaction at a time append. SQLite needs no lock for that: its transactions begin as IMMEDIATE.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
