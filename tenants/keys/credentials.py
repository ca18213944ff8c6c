"""
The text of keys and codes: creation, format checks, digests and comparison. Pure functions; nothing is stored here.

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
# A feed key belongs to a tenant and reads the feed of its notices.
FEED_PREFIX = "lk_feed_"
# Kinds by what their keys begin with.
KIND_NAMES = {prefix: kind.value for kind, prefix in PREFIXES.items()} | {FEED_PREFIX: "feed"}
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
    """A new random key of that kind."""
    return fresh(PREFIXES[kind])


def fresh(prefix: str) -> str:
    """A new random key: the prefix, 256 random bits, the checksum."""
    text = prefix + base62(secrets.randbits(256), RANDOM_LENGTH)
    return text + checksum(text)


def checksum(text: str) -> str:
    """Six base62 characters (CRC-32) that reveal a mistyped or truncated key without a database lookup."""
    return base62(zlib.crc32(text.encode()), CHECKSUM_LENGTH)


def is_well_formed(raw: str) -> bool:
    """Whether the text has the form of a project's key: a known prefix, the right length, a correct checksum."""
    return any(is_formed(raw, prefix) for prefix in PREFIXES.values())


def named_kind(raw: str) -> str:
    """The kind of key that the text begins like, whether or not it is one: `agent`, `feed`. Else ""."""
    return next((kind for prefix, kind in KIND_NAMES.items() if raw.startswith(prefix)), "")


def is_formed(raw: str, prefix: str) -> bool:
    """Whether the text has the form of a key with this prefix: its length is right and its checksum correct."""
    if (
        not raw.startswith(prefix)
        or len(raw) != len(prefix) + RANDOM_LENGTH + CHECKSUM_LENGTH
        or not raw.isascii()
    ):
        return False
    return checksum(raw[:-CHECKSUM_LENGTH]) == raw[-CHECKSUM_LENGTH:]


def key_digest(raw: str) -> str:
    """The SHA-256 of a key in hex, as stored. A slow hash is not needed: 256 random bits cannot be guessed."""
    return hashlib.sha256(raw.encode()).hexdigest()


def bearer(header: str) -> str | None:
    """The key in an Authorization header, or None. Percent-encoding is decoded: LangSmith sends `Bearer%20<key>`."""
    scheme, _, token = unquote(header).strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def signed(secret: str, text: str) -> str:
    """The HMAC-SHA256 of the text, in hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def recovery_code(secret: str, project_id: str) -> str:
    """The code that proves its holder was given this project's keys. It does not change when keys rotate."""
    return signed(secret, f"recover:{project_id}")


def upgrade_code(secret: str, project_id: str) -> str:
    """The code that an operator hands out to make a sandbox project permanent."""
    return signed(secret, f"signup-upgrade:{SANDBOX}:{project_id}")


def matches(code: str, expected: str) -> bool:
    """Whether a code equals the expected one, ignoring case and surrounding space. Takes constant time."""
    return hmac.compare_digest(code.strip().lower().encode(), expected.encode())
