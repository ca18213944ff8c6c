"""
The text of keys and codes: how they are made, recognised, compared. Pure functions; nothing is stored here.

A key is `<prefix><43 base62 characters: 256 random bits><6: CRC-32>`, the form that secret scanners look for:
https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
"""

import hashlib
import hmac
import secrets
import zlib
from urllib.parse import unquote

from tenants.models import SANDBOX, Key

PREFIXES = {
    Key.Kind.PRODUCER: "lk_ingest_",
    Key.Kind.AGENT: "lk_agent_",
    Key.Kind.FEEDBACK: "lk_feedback_",
}
FEED_PREFIX = "lk_feed_"  # a tenant's, for readers of its notices
SCOPES = {
    Key.Kind.PRODUCER: ["telemetry:write"],
    Key.Kind.AGENT: ["runs:write", "telemetry:read", "dashboard:read", "reports:read"],
    Key.Kind.FEEDBACK: ["feedback:write"],
}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH, CHECKSUM_LENGTH = 43, 6


def base62(number: int, length: int) -> str:
    """The number in base 62, padded with zeros to `length`."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def new_key(kind: Key.Kind) -> str:
    """A fresh key of that kind, with its checksum."""
    return fresh(PREFIXES[kind])


def fresh(prefix: str) -> str:
    """A fresh key behind the prefix, with its checksum."""
    text = prefix + base62(secrets.randbits(256), RANDOM_LENGTH)
    return text + checksum(text)


def checksum(text: str) -> str:
    """Six base62 characters that catch a mistyped or cut key without a look-up."""
    return base62(zlib.crc32(text.encode()), CHECKSUM_LENGTH)


def is_well_formed(raw: str) -> bool:
    """Whether this can be a project's key at all: a known prefix, the right length, a true checksum."""
    return any(is_formed(raw, prefix) for prefix in PREFIXES.values())


def is_formed(raw: str, prefix: str) -> bool:
    """Whether this can be a key behind that prefix."""
    if (
        not raw.startswith(prefix)
        or len(raw) != len(prefix) + RANDOM_LENGTH + CHECKSUM_LENGTH
        or not raw.isascii()
    ):
        return False
    return checksum(raw[:-CHECKSUM_LENGTH]) == raw[-CHECKSUM_LENGTH:]


def digest(raw: str) -> str:
    """What is kept of a key. 256 random bits need no slow hash: nothing can be guessed."""
    return hashlib.sha256(raw.encode()).hexdigest()


def bearer(header: str) -> str | None:
    """The key of an Authorization header, or None without one. `Bearer%20<key>` is what LangSmith sends."""
    scheme, _, credentials = unquote(header).strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None


def signed(secret: str, text: str) -> str:
    """Hex HMAC-SHA256."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def recovery_code(secret: str, project_id: str) -> str:
    """Proves that its holder once got this project's keys. It does not change when keys rotate."""
    return signed(secret, f"recover:{project_id}")


def upgrade_code(secret: str, project_id: str) -> str:
    """What an operator hands out to make a sandbox project permanent."""
    return signed(secret, f"signup-upgrade:{SANDBOX}:{project_id}")


def matches(given: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.strip().lower().encode(), expected.encode())
