"""
The audit log: who did what to what, when, and from which address. docs/audit.md says what it can show.

An entry is appended in the transaction of the act itself: neither exists without the other. No secret, no raw key
and nothing that telemetry says goes in.
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

from tenants.audit import chain, head
from tenants.limits import rate_limits
from tenants.models import AuditEntry

AuditEvent = AuditEntry.Event
LOCK = 0x10_0B_17  # any number that nothing else locks in the control database
NOTHING_YET = (0, "")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where."""

    actor: str
    address: str = ""


SHELL = Actor("shell")  # who acts without a request has a shell on the machine


def origin(request: HttpRequest, actor: str = "anyone") -> Actor:
    """The actor at the request's address."""
    return Actor(actor, rate_limits.client_address(request))


def staff(request: HttpRequest) -> Actor:
    """The signed-in person at the request's address."""
    return origin(request, person(request.user))


def person(user: AbstractBaseUser | AnonymousUser) -> str:
    """How the log calls a user."""
    return f"user:{user.get_username()}"


@transaction.atomic(savepoint=False)
def record(
    event: AuditEntry.Event, target: str, by: Actor, now: datetime, tenant_id: str = "", /, **detail: Any
) -> AuditEntry:
    """
    Append one entry, in the caller's transaction if there is one.

    Call it last in that transaction: other appends wait from here to its end.
    """
    lock()
    sequence, before = AuditEntry.objects.values_list("sequence", "hash").first() or NOTHING_YET
    entry = AuditEntry(
        sequence=sequence + 1,
        at=now,
        event=event,
        actor=by.actor,
        target=target,
        tenant_id=tenant_id,
        address=by.address,
        detail=orjson.loads(orjson.dumps(detail)),  # times become the text that is read back
    )
    entry.hash = chain.seal(entry, before, settings.LOOPKIT_AUDIT_SECRET)
    entry.save(force_insert=True)
    transaction.on_commit(partial(head.advance, entry), robust=True)  # the act itself stands
    return entry


def lock() -> None:
    """Let one transaction append at a time. SQLite's do by themselves: they begin as IMMEDIATE."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
