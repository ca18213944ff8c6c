"""
Authentication of feed readers: a feed key as Bearer, or as the password of HTTP Basic, which feed readers can send.

A key in the query is not accepted, since logs and histories store queries. Nothing is cached: a revoked key stops
working at once.
https://datatracker.ietf.org/doc/html/rfc7617, https://datatracker.ietf.org/doc/html/rfc6750#section-2.1
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from diagnosis.models import FeedKey
from loopkit.http.errors import ApiError
from tenants.keys import credentials
from tenants.keys.authentication import LAST_USED_STEP, a_key
from tenants.models import Key, Tenant

HINT = "Send a feed key as Bearer or as the password of Basic; an operator mints one in the admin, under Feed keys."
CHALLENGE = {"WWW-Authenticate": 'Basic realm="LoopKit feeds", charset="UTF-8"'}


@dataclass(frozen=True, slots=True)
class FeedReader:
    """The holder of an accepted feed key, who may read the tenant's notices; `request.user` of REST framework."""

    tenant: Tenant
    is_authenticated: bool = True

    @property
    def owner_id(self) -> str:
        """Whose lists the key reads."""
        return f"tenant {self.tenant.pk}"


class FeedAuthentication(BaseAuthentication):
    """Feed key of a tenant, as Bearer or as the password of Basic; reads its notices."""

    def authenticate(self, request: Request) -> tuple[FeedReader, FeedKey]:
        """Return the reader and the key. 401 without a valid key, whatever the reason."""
        raw = sent_feed_key(request.headers.get("Authorization", ""))
        if raw is None:
            refuse_feed("not_authenticated", "A feed needs a key.")
        key = find_feed_key(raw, timezone.now())
        if key is None:
            refuse_feed("authentication_failed", not_a_feed_key(raw))
        return FeedReader(key.tenant), key


def mint_feed_key(tenant: Tenant, label: str, now: datetime) -> tuple[str, FeedKey]:
    """Create a key; return its raw text, which is shown once and not stored, and its row."""
    raw = credentials.fresh(credentials.FEED_PREFIX)
    key = FeedKey(
        tenant=tenant, label=label, digest=credentials.key_digest(raw), last_four=raw[-4:], created_at=now
    )
    key.save(force_insert=True)
    return raw, key


def find_feed_key(raw: str, now: datetime) -> FeedKey | None:
    """Return the valid key with this raw text, or None; update its time of last use if that is out of date."""
    if not credentials.is_formed(raw, credentials.FEED_PREFIX):
        return None
    key = (
        FeedKey.objects.select_related("tenant")
        .filter(digest=credentials.key_digest(raw), revoked_at=None)
        .first()
    )
    if key and (key.last_used_at is None or now - key.last_used_at >= LAST_USED_STEP):
        FeedKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def not_a_feed_key(raw: str) -> str:
    """The sentence on a text that is no valid feed key. It names the kind of a key of a project."""
    kind = credentials.named_kind(raw)
    if kind in Key.Kind.values:
        return f"This is {a_key(kind)} of a project, not a feed key."
    return "This is not a valid feed key: it is mistyped, revoked, or from another service."


def sent_feed_key(header: str) -> str | None:
    """The key of an Authorization header, None without one, "" if unreadable; the user name of Basic is ignored."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return credentials.bearer(header)
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def refuse_feed(code: str, message: str) -> NoReturn:
    """Raise the 401 that makes browsers and feed readers ask for the key."""
    raise ApiError(401, code, message, HINT, CHALLENGE)
