"""
Who signs in and out, in the audit log: people in the admin, keys in the dashboard.

Django announces people: https://docs.djangoproject.com/en/5.2/ref/contrib/auth/#module-django.contrib.auth.signals
Their failures are told by the form's view, because Django announces none for who may not use the admin. Above the
rate of failures nothing is written, or the log could be flooded.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log
from tenants.models import Key

SOMEBODY = "user:(unknown)"  # no such user; what was typed there may be a password
ADMIN, DASHBOARD = "admin", "dashboard"


@receiver(user_logged_in)
@receiver(user_logged_out)
def people(signal: Any, request: HttpRequest, user: AbstractBaseUser | None, **rest: Any) -> None:
    """Whoever signed in or out; a session without a user ends silently."""
    if user is None:
        return
    event = audit_log.AuditEvent.SIGNED_IN if signal is user_logged_in else audit_log.AuditEvent.SIGNED_OUT
    audit_log.record(event, ADMIN, audit_log.origin(request, audit_log.person(user)), timezone.now())


def failed(request: HttpRequest, username: str) -> None:
    """Somebody did not get into the admin under this name."""
    users = get_user_model().objects
    is_known = username.isprintable() and users.filter(username=username).exists()
    tried = f"user:{username}" if is_known else SOMEBODY
    audit_log.record(
        audit_log.AuditEvent.SIGN_IN_FAILED, ADMIN, audit_log.origin(request), timezone.now(), tried=tried
    )


def key_failed(request: HttpRequest) -> None:
    """Some text was no agent key; the text itself is not kept."""
    audit_log.record(
        audit_log.AuditEvent.SIGN_IN_FAILED, DASHBOARD, audit_log.origin(request), timezone.now()
    )


def key(request: HttpRequest, key: Key, event: audit_log.AuditEvent) -> None:
    """A key opened the dashboard, or left it."""
    by, tenant_id = audit_log.origin(request, f"key:{key.key_id}"), key.project.tenant_id
    audit_log.record(event, f"project:{key.project_id}", by, timezone.now(), tenant_id)
