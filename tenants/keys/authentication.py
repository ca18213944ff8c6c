"""
Who calls: a key in `Authorization: Bearer`, checked with one indexed look-up and no password hasher.

Nothing is cached, so a revoked or expired key stops working at once in every process.
https://www.django-rest-framework.org/api-guide/authentication/#custom-authentication
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.keys import credentials, key_query
from tenants.models import Key, Project

LAST_USED_STEP = timedelta(minutes=10)  # last_used_at is no write for each request


@dataclass(frozen=True, slots=True)
class Principal:
    """A key that was accepted. REST framework's `request.user`."""

    key: Key
    is_authenticated: bool = True

    @property
    def project(self) -> Project:
        """The one project that the key belongs to."""
        return self.key.project

    def has_scope(self, scope: str) -> bool:
        """Whether the key may do that."""
        return scope in self.key.scopes


def authenticate(raw: str, now: datetime) -> Principal:
    """The principal of a raw key. AuthenticationFailed for an unknown, revoked or expired one."""
    if not credentials.is_well_formed(raw):
        raise AuthenticationFailed("This is not a LoopKit key: mistyped, cut, or of another service.")
    key = key_query.find(credentials.digest(raw))
    if key is None:
        raise AuthenticationFailed("Unknown key.")
    if not key.is_usable(now):
        raise AuthenticationFailed("This key was revoked or has expired.")
    if not key.project.is_live(now):
        raise AuthenticationFailed("This key's project has expired or is suspended; ask its operator.")
    note_use(key, now)
    return Principal(key)


def note_use(key: Key, now: datetime) -> None:
    """Remember roughly when the key was last used."""
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_STEP:
        Key.objects.filter(pk=key.pk).update(last_used_at=now)


class KeyAuthentication(BaseAuthentication):
    """Any key. The subclasses exist for the names that the OpenAPI document gives them."""

    def authenticate(self, request: Request) -> tuple[Principal, Key] | None:
        """None without a key, so that the permission answers; 401 with a bad one."""
        raw = credentials.bearer(request.headers.get("Authorization", ""))
        if raw is None:
            return None
        principal = authenticate(raw, timezone.now())
        return principal, principal.key

    def authenticate_header(self, request: Request) -> str:
        """What makes REST framework answer 401 with WWW-Authenticate."""
        return 'Bearer realm="loopkit"'


class ProducerKey(KeyAuthentication):
    """Producer key with telemetry:write scope."""


class AgentKey(KeyAuthentication):
    """Agent key with runs:write, telemetry:read, dashboard:read, reports:read scopes."""


class FeedbackKey(KeyAuthentication):
    """Feedback key with feedback:write scope; may be public."""
