"""
Check values of the secrets, which show that a secret is another one than before.

A check value is an HMAC under the secret, so it says nothing about it: the secrets have 288 random bits.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from tenants.installation import facts

# The setting of each secret, and what its loss means.
LOSSES = {
    "SECRET_KEY": "everybody is signed out",
    "SIGNUP_UPGRADE_SECRET": "recovery and upgrade codes that were given out are refused",
    "LOOPKIT_AUDIT_SECRET": "entries of the audit log from before cannot be verified",
}


def check_value(name: str) -> str:
    """The check value of this setting's secret as it is now."""
    secret = getattr(settings, name)
    return hmac.new(secret.encode(), b"loopkit check value " + name.encode(), hashlib.sha256).hexdigest()[:32]


def changed_secrets(known: dict[str, str]) -> list[str]:
    """The settings whose secret is another than the one that this control database has been used with."""
    names = [name for name in LOSSES if getattr(settings, name)]
    return [
        name for name in names if known.get(facts.CHECK_VALUE + name, check_value(name)) != check_value(name)
    ]


def remember_secrets(known: dict[str, str]) -> None:
    """Store the check values that are not stored yet."""
    for name in LOSSES:
        if getattr(settings, name) and facts.CHECK_VALUE + name not in known:
            facts.remember(facts.CHECK_VALUE + name, check_value(name))
