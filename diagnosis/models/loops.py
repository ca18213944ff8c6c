"""
Packets, loops and decisions: what was found and what became of it. In the control database.

Records are named by id only: they live in each project's own store. Decisions and events are never deleted.
"""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models

from diagnosis.models import evals, fingerprint_switch, notices, verification  # noqa: F401 - for Django
from diagnosis.models.document_field import DocumentField
from diagnosis.models.document_forms import (
    CORRECTION,
    EVENT,
    ISSUE,
    PACKET,
    QUIET_SINCE,
    JsonForms,
    are_numbers_decided_on,
    is_baseline,
)
from diagnosis.models.evals import CLUSTER_ID
from diagnosis.models.reported_step import ReportedStep
from diagnosis.models.way_on import WayOn
from tenants.models import Project
from tenants.stored_text import RedactedCharField, RedactedJSONField, RedactedTextField
from tenants.stores.document_rules import ByKind


def new_packet_id() -> str:
    """`pkt_` and 64 random bits."""
    return f"pkt_{secrets.token_hex(8)}"


def new_loop_id() -> str:
    """`loop_` and 64 random bits."""
    return f"loop_{secrets.token_hex(8)}"


class Severity(models.IntegerChoices):
    """The severity of an issue; the labels are what answers show."""

    LOW = 1, "low"
    MEDIUM = 2, "medium"
    HIGH = 3, "high"
    CRITICAL = 4, "critical"


class Packet(models.Model):
    """The result of one diagnosis, as it was answered."""

    packet_id = models.CharField(primary_key=True, max_length=24, default=new_packet_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="packets")
    status = models.CharField(max_length=40)
    document = DocumentField(help_text="The DiagnosisPacket of the API.")
    basis = models.CharField(
        max_length=64, blank=True, help_text="A digest of all but the window that it follows from: reuse.py."
    )
    is_whole = models.BooleanField(
        default=True, help_text="False once retention left only the issues that loops and decisions refer to."
    )
    created_at = models.DateTimeField()
    is_about = models.DateTimeField(
        null=True, editable=False, help_text="The time that it tells of last: the end of its window."
    )
    shown_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When somebody who may decide last opened a page that decides on it.",
    )

    json_forms: ClassVar[JsonForms] = {"document": PACKET}

    class Meta:
        ordering = ["-created_at", "-packet_id"]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="packet_newest"),
            models.Index(fields=["project", "-is_about", "-created_at"], name="packet_of_the_present"),
        ]

    def __str__(self) -> str:
        return self.packet_id


class Loop(models.Model):
    """The life of one cluster's fix. One loop a cluster: a fix that fails later is the same loop again."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETURNED = "returned", "returned"
        SHIPPED = "shipped", "shipped"
        HELD = "held", "held"
        REGRESSED = "regressed", "regressed"
        INCONCLUSIVE = "inconclusive", "inconclusive"
        JOINED = "joined", "joined another loop"

    loop_id = models.CharField(primary_key=True, max_length=24, default=new_loop_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="loops")
    cluster_id = models.CharField(max_length=24)
    state = models.CharField(max_length=20, choices=State.choices, default=State.PROPOSED)
    revision = models.PositiveIntegerField(
        default=1, help_text="Goes up with each change of state; decisions compare it."
    )
    title = models.CharField(max_length=300)
    severity = models.PositiveSmallIntegerField(
        choices=Severity.choices, help_text="The worst since the loop was proposed."
    )
    signal_type = models.CharField(max_length=40)
    service = models.CharField(max_length=200, blank=True)
    operation = models.CharField(max_length=200)
    failures = models.PositiveIntegerField(help_text="Records in the packet that `issue` is from.")
    trend = models.CharField(max_length=10, blank=True)
    failures_seen = models.PositiveBigIntegerField(
        default=0, help_text="In the seven days until the last: the most that was seen since it was proposed."
    )
    people_seen = models.PositiveBigIntegerField(
        default=0, help_text="Users, or sessions where nobody names users."
    )
    users_seen = models.PositiveBigIntegerField(default=0)
    tokens_seen = models.PositiveBigIntegerField(default=0, help_text="Of the traces that failed.")
    seen_seconds = models.PositiveBigIntegerField(
        default=0, help_text="From the first to the last of these failures."
    )
    urgency = models.FloatField(default=0, help_text="What the queue is sorted by: docs/funnel.md.")
    first_seen_at = models.DateTimeField(null=True, help_text="Of the failure, when the loop was proposed.")
    last_seen_at = models.DateTimeField(null=True)
    quiet_since = models.JSONField(
        null=True, help_text="What ran since the last failure, as issues say it, by the newest packet."
    )
    waiting_since = models.DateTimeField(null=True, help_text="For a human; empty while it does not wait.")
    issue = DocumentField(
        help_text="The issue of the newest packet until a decision, then of the packet decided on."
    )
    packet = models.ForeignKey(
        Packet, on_delete=models.PROTECT, related_name="loops", help_text="The packet that `issue` is from."
    )
    release = RedactedCharField(max_length=200, blank=True, help_text="That carries the fix.")
    baseline = models.JSONField(
        null=True, help_text="Failures and exposure before the fix shipped; once it held, since then."
    )
    shipped_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0, help_text="Which fix of it shipped last; 0 before any.")
    shipment_set_at = models.DateTimeField(
        null=True, help_text="When time and release of that fix were reported, or last put right."
    )
    verdict = models.CharField(max_length=20, blank=True)
    way_on = models.CharField(
        max_length=20,
        blank=True,
        choices=WayOn.choices,
        help_text="Why no further traffic decides about its fix, by the latest verification; empty if it does.",
    )
    reported = models.CharField(max_length=20, blank=True, choices=ReportedStep.choices)  # of the fix in work
    again = models.TextField(
        blank=True, help_text="Why a human is asked again although one decided; empty unless so."
    )
    joined_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        help_text="The loop that goes on, where two clusters became one.",
    )
    judged_by = RedactedJSONField(
        default=list, help_text="The production environments by which severity and what was seen are judged."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    text_forms: ClassVar[dict[str, str]] = {"cluster_id": CLUSTER_ID}
    json_forms: ClassVar[JsonForms] = {
        "issue": ISSUE,
        "baseline": is_baseline,
        "judged_by": [str],
        "quiet_since": (QUIET_SINCE, type(None)),
    }

    class Meta:
        ordering = ["-severity", "-failures", "created_at", "loop_id"]
        constraints = [models.UniqueConstraint(fields=["project", "cluster_id"], name="one_loop_per_cluster")]
        indexes = [models.Index(fields=["state", "-urgency", "project", "loop_id"], name="loop_urgency")]
        permissions = [("decide_loop", "Can approve, reject and return loops")]

    def __str__(self) -> str:
        return f"{self.title} ({self.loop_id})"


class LoopEnvironment(models.Model):
    """An environment in which the failure of a loop was seen; none is ever taken away."""

    loop = models.ForeignKey(Loop, on_delete=models.CASCADE, related_name="environments")
    environment = models.TextField(help_text="Empty: the records name none.")
    failures = models.PositiveIntegerField(help_text="There, the most that a packet counted.")

    class Meta:
        ordering = ["-failures", "environment"]
        constraints = [
            models.UniqueConstraint(fields=["loop", "environment"], name="one_row_per_loop_and_environment")
        ]
        indexes = [models.Index(fields=["environment"], name="loop_environment")]

    def __str__(self) -> str:
        return f"{self.loop_id} {self.environment}"


class LoopEvent(models.Model):
    """Something that happened to a loop: reported by the agent, or done by LoopKit. Append-only."""

    class Kind(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        ISSUE_OPENED = "issue_opened", "issue opened"
        PR_OPENED = "pr_opened", "pull request opened"
        MERGED = "merged", "merged"
        SHIPPED = "shipped", "shipped"
        SHIPPED_CORRECTED = "shipped_corrected", "shipment put right"
        SHIPMENT_CORRECTED = "shipment_corrected", "shipment put right by a person"
        ASKED_AGAIN = "asked_again", "asked what to do after the fix"
        ANSWERED = "answered", "question answered"
        DECIDED = "decided", "decided"
        VERIFIED = "verified", "verified"
        REGRESSED = "regressed", "regressed"
        GREW = "grew", "grew past its rejection"
        OUTDATED = "outdated", "an approval no longer holds"
        MOVED = "moved", "moved to another cluster"
        JOINED = "joined", "joined another loop"

    loop = models.ForeignKey(Loop, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    actor = models.CharField(max_length=150, help_text="`loopkit`, a key's id, or a user's name.")
    detail = RedactedJSONField(default=dict)
    created_at = models.DateTimeField()

    json_forms: ClassVar[JsonForms] = {
        "detail": ByKind(
            "kind", {Kind.SHIPPED_CORRECTED: CORRECTION, Kind.SHIPMENT_CORRECTED: CORRECTION}, EVENT
        )
    }

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.loop_id}"


class Decision(models.Model):
    """A human's decision on a loop: an approval, in the glossary's sense. Never changed, never deleted."""

    class Verb(models.TextChoices):
        APPROVE = "approve", "approve"
        REJECT = "reject", "reject"
        RETURN = "return", "return to the agent"
        WITHDRAW = "withdraw", "take the approval back"
        REOPEN = "reopen", "reopen"
        GIVE_UP = "give_up", "give up"

    loop = models.ForeignKey(Loop, on_delete=models.PROTECT, related_name="decisions")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    reason = RedactedTextField(max_length=4000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions"
    )
    decided_at = models.DateTimeField()
    packet = models.ForeignKey(Packet, on_delete=models.PROTECT, help_text="What the human had in sight.")
    revision = models.PositiveIntegerField(help_text="Of the loop, when it was decided.")
    content_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of what was decided on: docs/approval.md."
    )
    content_version = models.PositiveSmallIntegerField(
        default=1, help_text="Which rule made the hash: content_hash.CONTENT_VERSIONS."
    )
    content = models.JSONField(default=dict, help_text="The hashes of its parts, to say which one changed.")
    is_first = models.BooleanField(
        default=False, help_text="The first of two approvals: the loop waits for the second."
    )
    audit_sequence = models.PositiveBigIntegerField(
        null=True, help_text="The number of its entry in the audit log, which it is compared with."
    )
    times = models.PositiveSmallIntegerField(
        null=True, help_text="Of a rejection: proposed again once it grew so many times. Empty: for good."
    )
    numbers = models.JSONField(
        default=dict, help_text="The impact in the packet in sight: what growth is measured against."
    )

    json_forms: ClassVar[JsonForms] = {"content": dict, "numbers": are_numbers_decided_on}

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["loop", "revision"], name="one_decision_per_revision")]

    def __str__(self) -> str:
        return f"{self.verb} {self.loop_id}"
