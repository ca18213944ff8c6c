"""
Audit log entries for signing in and out, people in the admin and keys in the dashboard, and for own passwords.

For people, Django sends signals. The view of the form records failed sign-ins instead, because Django sends no signal
for a user who may not use the admin. Failures above the rate limit are not recorded, so that nobody can flood the log.
https://docs.djangoproject.com/en/5.2/ref/contrib/auth/#module-django.contrib.auth.signals
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

# Stands for a name that no user has. The text itself is not recorded: it may be a password typed in the wrong field.
SOMEBODY = "user:(unknown)"
ADMIN, DASHBOARD = "admin", "dashboard"


@receiver(user_logged_in)
@receiver(user_logged_out)
def people(signal: Any, request: HttpRequest, user: AbstractBaseUser | None, **rest: Any) -> None:
    """Record that a person signed in to or out of the admin. A session without a user is ignored."""
    if user is None:
        return
    event = audit_log.AuditEvent.SIGNED_IN if signal is user_logged_in else audit_log.AuditEvent.SIGNED_OUT
    audit_log.append_entry(event, ADMIN, audit_log.actor_at(request, audit_log.person(user)), timezone.now())


def record_failed_sign_in(request: HttpRequest, username: str) -> None:
    """Record a failed sign-in to the admin with this user name."""
    users = get_user_model().objects
    is_known = username.isprintable() and users.filter(username=username).exists()
    label = f"user:{username}" if is_known else SOMEBODY
    audit_log.append_entry(
        audit_log.AuditEvent.SIGN_IN_FAILED, ADMIN, audit_log.actor_at(request), timezone.now(), tried=label
    )


def record_password_change(request: HttpRequest) -> None:
    """Record that the signed-in person changed their own password."""
    person, target = audit_log.staff(request), audit_log.person(request.user)
    audit_log.append_entry(
        audit_log.AuditEvent.CHANGED, target, person, timezone.now(), **{"password": "changed"}
    )


def record_wrong_password(request: HttpRequest) -> None:
    """Record that a wrong present password was given in the session of this person, who may be somebody else."""
    person, target = audit_log.staff(request), audit_log.person(request.user)
    event = audit_log.AuditEvent.SIGN_IN_FAILED
    audit_log.append_entry(event, target, person, timezone.now(), **{"password": "wrong"})


def key_failed(request: HttpRequest) -> None:
    """Record a failed sign-in to the dashboard, without the text that was entered as the key."""
    audit_log.append_entry(
        audit_log.AuditEvent.SIGN_IN_FAILED, DASHBOARD, audit_log.actor_at(request), timezone.now()
    )


def record_key_event(request: HttpRequest, key: Key, event: audit_log.AuditEvent) -> None:
    """Record that a key signed in to or out of the dashboard."""
    by, tenant_id = audit_log.actor_at(request, f"key:{key.key_id}"), key.project.tenant_id
    audit_log.append_entry(event, f"project:{key.project_id}", by, timezone.now(), tenant_id)
