"""
Check values of the secrets, which show that a secret is another one than before.

A check value is an HMAC under the secret, so it says nothing about it: the secrets have 288 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from django.conf import settings

from tenants.installation import facts

# The setting of each secret, and what its loss means.
LOSSES = {
    "SECRET_KEY": "everybody is signed out",
    "SIGNUP_UPGRADE_SECRET": "recovery and upgrade codes that were given out are refused",
    "LOOPKIT_AUDIT_SECRET": "entries of the audit log from before cannot be verified",
}
# The mark that loopkit/secret_files.py leaves where it made a lost secret anew, by the setting. A database of an
# earlier version has no check value that would show it.
MARKS = {
    "SECRET_KEY": "django.replaced",
    "SIGNUP_UPGRADE_SECRET": "signup-upgrade.replaced",
    "LOOPKIT_AUDIT_SECRET": "audit.replaced",
}


def mark_of(name: str) -> Path:
    """The path of the mark of this setting's secret."""
    return Path(settings.LOOPKIT_DATA_DIR, "secrets", MARKS[name])


def check_value(name: str) -> str:
    """The check value of this setting's secret as it is now."""
    secret = getattr(settings, name)
    return hmac.new(secret.encode(), b"loopkit check value " + name.encode(), hashlib.sha256).hexdigest()[:32]


def changed_secrets(known: dict[str, str]) -> list[str]:
    """The settings whose secret is another than the one that this control database has been used with."""
    names = [name for name in LOSSES if getattr(settings, name)]
    return [
        name
        for name in names
        if known.get(facts.CHECK_VALUE + name, check_value(name)) != check_value(name)
        or mark_of(name).exists()
    ]


def forget_marks() -> None:
    """Remove the marks of secrets that were made anew."""
    for name in MARKS:
        mark_of(name).unlink(missing_ok=True)


def remember_secrets(known: dict[str, str]) -> None:
    """Store the check values that are not stored yet."""
    for name in LOSSES:
        if getattr(settings, name) and facts.CHECK_VALUE + name not in known:
            facts.remember(facts.CHECK_VALUE + name, check_value(name))
