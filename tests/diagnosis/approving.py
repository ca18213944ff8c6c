"""The approval by somebody whose page showed the whole content."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from diagnosis.loops import approval, decision_basis
from diagnosis.models import Decision, Loop


def approve_seen(loop: Loop, user: User, reason: str, now: datetime) -> Decision:
    """Approve the loop as it is stored now."""
    choice = approval.DecisionChoice(Decision.Verb.APPROVE, reason, seen_hash=decision_basis.basis(loop).hash)
    return approval.record_decision(loop, choice, user, now)
