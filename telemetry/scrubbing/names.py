"""
Names whose values are secrets: `api_key`, `clientSecret`, `http.request.header.authorization`, `OPENAI_API_KEY`.

A name is read as words, whatever its spelling, and its last words decide: `access_token` is a secret, `max_tokens`,
`token_type_id` and `password_reset_url` are not. The list joins Sentry's default fields
(https://docs.sentry.io/security-legal-pii/scrubbing/server-side-scrubbing/) and the headers and settings that
https://opentelemetry.io/docs/security/handling-sensitive-data/ warns about.
An operator adds names by LOOPKIT_SCRUB_KEYS.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from django.conf import settings

LONGEST = 256  # characters of a name that are looked at, from its end
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
ENDINGS = frozenset(
    {
        "password", "passwd", "passphrase", "mysql pwd", "db pwd", "secret", "secrets", "token", "jwt",
        "authorization", "credential", "credentials", "cookie", "cookies", "api key", "private key", "access key",
        "secret key", "auth key", "account key", "shared key", "master key", "signing key", "encryption key",
        "subscription key",
    }
)  # fmt: skip
RUN_TOGETHER = (
    "password", "passwd", "passphrase", "secret", "apikey", "secretkey", "privatekey", "accesskey", "authkey",
    "accesstoken", "authtoken", "refreshtoken", "sessiontoken", "idtoken", "credentials",
)  # fmt: skip
# Tokens of models, tokenisers and lists, which open no door.
PLAIN_TOKENS = frozenset(
    {
        "page", "next", "previous", "continuation", "pagination", "sync", "cursor", "bos", "eos", "pad", "unk", "mask",
        "sep", "cls", "special", "stop", "start", "end", "first", "last", "per", "cancellation", "prompt", "completion",
        "input", "output", "new",
    }
)  # fmt: skip

# Some clients record every header of a request, so a header is kept there only if it is known to hold no secret.
HEADERS = re.compile(r"(?:^|[._a-z])[Hh]eaders(?:\.(?P<name>.+))?$")
HARMLESS_HEADER = re.compile(
    r"(?i)(?:accept|accept-(?:encoding|language|ranges)|cache-control|connection|content-(?:encoding|length|type)|"
    r"date|host|server|vary|via|user-agent|traceparent|retry-after|(?:x-)?request-id|(?:openai|anthropic)-"
    r"(?:version|beta|model|processing-ms)|x-stainless-[a-z-]{1,40}|(?:[a-z]{1,20}-)?(?:x-)?ratelimit-[a-z-]{1,60})"
)
# LangSmith records its environment variables: https://docs.langchain.com/langsmith/env-var
VARIABLE = re.compile(
    r"(?:^|\.)LANG(?:SMITH|CHAIN)_(?!(?:PROJECT|SESSION|ENDPOINT|TRACING|TRACING_V2|OTEL_ENABLED|OTEL_ONLY)$)"
)


class Fate(Enum):
    """What becomes of the value under a name."""

    KEPT = "kept"
    SECRET = "secret"  # noqa: S105  (a word)
    HEADERS = "headers"  # headers by name: the harmless ones stay


@lru_cache(maxsize=8192)  # names are few, but a sender chooses them
def fate(name: str) -> Fate:
    """What becomes of the value under this name, wherever it stands."""
    recorded = HEADERS.search(name[-LONGEST:])
    if recorded:
        return header_fate(recorded["name"]) if recorded["name"] else Fate.HEADERS
    return Fate.SECRET if VARIABLE.search(name) or is_secret(name) else Fate.KEPT


def header_fate(name: str) -> Fate:
    """The same for the name of a header among all that a request had."""
    return Fate.KEPT if HARMLESS_HEADER.fullmatch(name) else Fate.SECRET


@lru_cache(maxsize=8192)
def is_secret(name: str) -> bool:
    """Whether a value under this name is a secret."""
    said = words(name)
    if not said:
        return False
    if said[-1] == "token" and len(said) > 1:
        return said[-2] not in PLAIN_TOKENS
    endings = {" ".join(said[-count:]) for count in (1, 2)}
    return bool(endings & ENDINGS) or said[-1].endswith(RUN_TOGETHER) or is_added(said)


def is_added(said: tuple[str, ...]) -> bool:
    """Whether the operator says so."""
    return any(said[-len(added) :] == added for added in map(words, settings.LOOPKIT_SCRUB_KEYS) if added)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in any spelling, lower case; other characters only separate them."""
    return tuple(word.lower() for word in WORD.findall(name[-LONGEST:]))


def is_count(name: str, value: object) -> bool:
    """Numbers under `token` are counts or ids of a tokeniser."""
    return isinstance(value, int | float) and words(name)[-1:] == ("token",)
