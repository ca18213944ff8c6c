"""Values that only stand for a secret: nothing, a variable, a placeholder, stars, or a word that says how it is."""

from __future__ import annotations

import re

MARK = "[redacted]"  # in place of a secret
STAND_IN = re.compile(
    r"(?i:none|null|nil|true|false|undefined|redacted|required|missing)|[^\w]+|\*+|\.+|\$\{?\w*\}?|\{+[\w.]*\}+|%s|%\(\w+\)s"
    r"|<[\w -]*>|(?:self|os|config|settings|process)\.[\w.()\[\]]*"
)
LONGEST = 40  # characters of such words together
SEPARATORS = re.compile(r"[ _-]")
JOINTS = re.compile(r"[A-Za-z]+(?:[ _-][A-Za-z]+){0,4}")
STATES = frozenset(
    {
        "a", "absent", "accepted", "active", "allowed", "an", "and", "any", "are", "bad", "be", "blank",
        "blocked", "by", "changed", "changeme", "compromised", "correct", "default", "denied", "deprecated",
        "disabled", "duplicate", "empty", "enabled", "error", "exceeded", "exists", "expected", "expired",
        "expiring", "failed", "failure", "for", "forbidden", "found", "generated", "given", "good", "has",
        "hash", "hashed", "hidden", "identifier", "illegal", "in", "inactive", "incorrect", "ineligible",
        "insufficient", "invalid", "is", "leaked", "locked", "long", "lost", "malformed", "mandatory",
        "masked", "match", "mismatch", "mismatched", "missing", "must", "my", "needed", "new", "no", "none",
        "not", "null", "of", "ok", "old", "omitted", "optional", "or", "outdated", "password", "plain",
        "present", "privileged", "protected", "provided", "redacted", "refreshed", "refused", "rejected",
        "removed", "renewed", "required", "reset", "restricted", "revoked", "rotated", "same", "saved",
        "secret", "set", "short", "should", "skipped", "stale", "string", "strong", "success", "supplied",
        "taken", "text", "the", "this", "to", "token", "too", "type", "unauthorized", "undefined",
        "unexpected", "unknown", "unrecognized", "unset", "unsupported", "unused", "unverified", "updated",
        "used", "user", "valid", "value", "verification", "verified", "was", "weak", "were", "will",
        "wrong", "yes", "your",
    }
)  # fmt: skip  # fmt: skip


def is_stand_in(text: str, start: int, end: int) -> bool:
    """Whether what is written there is no secret."""
    if text.startswith(MARK, start) and end - start == len(MARK):
        return True
    if STAND_IN.fullmatch(text, start, end):
        return True
    if end - start > LONGEST or not JOINTS.fullmatch(text, start, end):
        return False
    return STATES.issuperset(SEPARATORS.split(text[start:end].lower()))
