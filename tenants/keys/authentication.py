"""
Authentication by a key in `Authorization: Bearer`, checked with one indexed lookup and no password hasher.

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

# Key.last_used_at is updated at most this often, not on every request.
LAST_USED_STEP = timedelta(minutes=10)


class WrongKindOfKey(AuthenticationFailed):
    """The key is of a kind that the path never accepts. `hint` is the next step."""

    def __init__(self, kind: str, wanted: str) -> None:
        super().__init__(f"This is {a_key(kind)}, which cannot be used here.")
        self.hint = f"Send {wanted}. Lost it? POST /v1/recover with project_id and recovery_code."


class ProjectNotLive(AuthenticationFailed):
    """The key's project has expired or is suspended. `hint` is the next step: a recovered key would not work either."""

    hint = "An operator can prolong or reactivate the project until it is erased: /contact.json says who."

    def __init__(self) -> None:
        super().__init__("This key's project has expired or is suspended; ask its operator.")


def a_key(kind: str) -> str:
    """The kind with its article: `an agent key`."""
    return f"{'an' if kind == Key.Kind.AGENT else 'a'} {kind} key"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated key, which REST framework passes to views as `request.user`."""

    key: Key
    is_authenticated: bool = True

    @property
    def project(self) -> Project:
        """The project that the key belongs to."""
        return self.key.project

    @property
    def owner_id(self) -> str:
        """Whose lists the key reads."""
        return self.project.project_id

    def has_scope(self, scope: str) -> bool:
        """Whether the key has this scope."""
        return scope in self.key.scopes


def authenticate(raw: str, now: datetime, wanted: str = "the project's agent key") -> Principal:
    """
    Return the principal for a raw key, and note the use.

    Raises AuthenticationFailed if the key is malformed, unknown, revoked or expired, or its project is not active.
    The error for a key of a kind that no project has names the `wanted` one.
    """
    if not credentials.is_well_formed(raw):
        raise malformed(credentials.named_kind(raw), wanted)
    key = key_query.find_key(credentials.key_digest(raw))
    if key is None:
        raise AuthenticationFailed("Unknown key.")
    if not key.is_usable(now):
        raise AuthenticationFailed("This key was revoked or has expired.")
    if not key.project.is_live(now):
        raise ProjectNotLive
    note_use(key, now)
    return Principal(key)


def malformed(kind: str, wanted: str) -> AuthenticationFailed:
    """The error for a text that is no project's key, by the kind of key that it begins like."""
    if not kind:
        return AuthenticationFailed(
            "This is not a LoopKit key: it is mistyped, truncated, or from another service."
        )
    if kind in Key.Kind.values:
        return AuthenticationFailed(f"This is not a whole {kind} key: it is mistyped or truncated.")
    return WrongKindOfKey(kind, wanted)


def note_use(key: Key, now: datetime) -> None:
    """Update the key's `last_used_at`, at most once per LAST_USED_STEP."""
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_STEP:
        Key.objects.filter(pk=key.pk).update(last_used_at=now)


class KeyAuthentication(BaseAuthentication):
    """
    Authenticates any kind of key.

    The subclasses differ only in their names in the OpenAPI document and in the key that their errors name.
    """

    wanted = "the project's producer or agent key"

    def authenticate(self, request: Request) -> tuple[Principal, Key] | None:
        """
        Return the principal and its key, or None without a key, so that the permission check decides.

        Raises AuthenticationFailed (401) for a key that is not accepted.
        """
        raw = credentials.bearer(request.headers.get("Authorization", ""))
        if raw is None:
            return None
        principal = authenticate(raw, timezone.now(), self.wanted)
        return principal, principal.key

    def authenticate_header(self, request: Request) -> str:
        """The WWW-Authenticate header, without which REST framework would answer 403 instead of 401."""
        return 'Bearer realm="loopkit"'


class ProducerKey(KeyAuthentication):
    """Producer key with telemetry:write scope."""

    wanted = f"the project's producer key: it begins with {credentials.PREFIXES[Key.Kind.PRODUCER]}"


class AgentKey(KeyAuthentication):
    """Agent key with runs:write, telemetry:read, dashboard:read, reports:read scopes."""

    wanted = f"the project's agent key: it begins with {credentials.PREFIXES[Key.Kind.AGENT]}"


class FeedbackKey(KeyAuthentication):
    """Feedback key with feedback:write scope; may be public."""

    wanted = f"the project's feedback key: it begins with {credentials.PREFIXES[Key.Kind.FEEDBACK]}"
