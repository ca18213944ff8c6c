"""
Diagnosis's own rows of the control database: packets, loops and decisions, evals, verifications, notices.

May import `tenants.models` alone.
"""

from diagnosis.models.evals import EvalCandidate, EvalResult
from diagnosis.models.feed_keys import FeedKey
from diagnosis.models.fingerprint_switch import FingerprintSwitch
from diagnosis.models.leases import Lease
from diagnosis.models.loops import (
    Decision,
    Loop,
    LoopEnvironment,
    LoopEvent,
    Packet,
    Severity,
    new_loop_id,
    new_packet_id,
)
from diagnosis.models.mails import Mail, MailChoice
from diagnosis.models.notices import Notice, NoticeRead
from diagnosis.models.trackers import Tracker
from diagnosis.models.verification import Verification
from diagnosis.models.way_on import WayOn

__all__ = [
    "Decision",
    "EvalCandidate",
    "EvalResult",
    "FeedKey",
    "FingerprintSwitch",
    "Lease",
    "Loop",
    "LoopEnvironment",
    "LoopEvent",
    "Mail",
    "MailChoice",
    "Notice",
    "NoticeRead",
    "Packet",
    "Severity",
    "Tracker",
    "Verification",
    "WayOn",
    "new_loop_id",
    "new_packet_id",
]
