"""
The models of the control database: tenants, their projects, the keys of a project, the audit log.

LoopKit assigns the ids, which never change; other stores refer to rows by them.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from tenants.stored_text import RedactedCharField, RedactedEmailField, RedactedJSONField, RedactedTextField

SANDBOX = "sandbox"  # the tenant that self-service projects share
# The fingerprint version of new projects; telemetry/grouping/versions.py has the versions.
NEWEST_FINGERPRINTS = 3
# What columns may hold that people fill in, where others hold less: tenants/stores/column_rules.py.
Ranges = dict[str, tuple[int, int]]
ANY_NATURAL = (0, 2**63 - 1)
MOST_CONTEXT_DAYS = 365
ANY_YEAR = (-62_135_596_800, 253_402_300_799)  # datetime's, in seconds of Unix time


def new_key_id() -> str:
    """A new random id for a key: not secret, used in the admin and the audit log."""
    return f"key_{secrets.token_hex(8)}"


class Tenant(models.Model):
    """An owner of projects. Staff see the tenants they are members of; operators and superusers see all."""

    class TwoPeople(models.IntegerChoices):
        """The lowest severity at which a loop needs two approvals. The numbers are those of a loop's severity."""

        NEVER = 0, "never: one person is enough"
        ALWAYS = 1, "always"
        MEDIUM = 2, "for medium severity and worse"
        HIGH = 3, "for high severity and worse"
        CRITICAL = 4, "for critical severity"

    tenant_id = models.SlugField(primary_key=True, max_length=40)
    name = RedactedCharField(max_length=120)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="tenants",
        help_text="Staff who work for this tenant.",
    )
    two_people = models.PositiveSmallIntegerField(
        "two people approve",
        choices=TwoPeople.choices,
        default=TwoPeople.NEVER,
        help_text="An approval counts once a second person approves the same content.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["tenant_id"]
        permissions = [("operate", "Can work for all tenants, set limits and choose members")]

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """The unit of isolation: it has its own telemetry file, keys and quota."""

    class Plan(models.TextChoices):
        SANDBOX = "sandbox", "sandbox (expires)"

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        SUSPENDED = "suspended", "suspended (keys refused)"

    project_id = models.CharField(primary_key=True, max_length=64, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="projects")
    name = RedactedCharField(max_length=120)
    operator = RedactedCharField(
        max_length=120, blank=True, help_text="Namespace of the name, for provisioning."
    )
    claimed_name = RedactedCharField(
        max_length=120,
        null=True,
        blank=True,
        editable=False,
        help_text="The name that provisioning converges on; empty for signups and for names that expired.",
    )
    plan = models.CharField(
        max_length=20, choices=Plan.choices, null=True, blank=True, help_text="Empty: permanent."
    )
    quota_spans = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Spans that may be stored in total. Empty: no limit."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Keys stop working then. Empty: never."
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.ACTIVE)
    fingerprint_version = models.PositiveSmallIntegerField(
        default=NEWEST_FINGERPRINTS, help_text="The version of the rules that group its failures."
    )
    production_environments = RedactedJSONField(
        default=list,
        blank=True,
        help_text="Environments (deployment.environment.name) by whose failures severity is judged. Empty: all.",
    )
    context_log_days = models.PositiveSmallIntegerField(
        "days of other log records",
        default=0,
        validators=[MaxValueValidator(MOST_CONTEXT_DAYS)],
        help_text="For so many days log records that are neither events of agents nor failures are kept beside their "
        "trace, and count against the quota. 0: they are counted and not kept, and stored ones are erased.",
    )
    has_context_logs = models.BooleanField(
        default=False, editable=False, help_text="Whether any may be stored, which are to be erased in time."
    )
    has_store = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether its telemetry store was made: if it is missing then, no new one is begun.",
    )
    created_at = models.DateTimeField()

    ranges: ClassVar[Ranges] = {
        "quota_spans": ANY_NATURAL,
        "expires_at": ANY_YEAR,
        "context_log_days": (0, MOST_CONTEXT_DAYS),
    }
    json_forms: ClassVar[dict[str, Any]] = {"production_environments": [str]}

    class Meta:
        ordering = ["-created_at", "project_id"]
        constraints = [
            # Only claimed names collide, because NULLs are distinct. This constraint decides a race of two mints.
            models.UniqueConstraint(
                fields=["tenant", "operator", "claimed_name"], name="one_project_per_claimed_name"
            ),
        ]

    def __str__(self) -> str:
        return self.project_id

    def standing(self, now: datetime) -> str:
        """`active`, `suspended` or `expired`."""
        is_expired = self.state == self.State.ACTIVE and self.is_expired(now)
        return "expired" if is_expired else str(self.state)

    def is_live(self, now: datetime) -> bool:
        """Whether the project is neither suspended nor expired."""
        return self.state == self.State.ACTIVE and not self.is_expired(now)

    def is_expired(self, now: datetime) -> bool:
        """Whether the project's expiry has passed."""
        return self.expires_at is not None and self.expires_at <= now


class Key(models.Model):
    """A credential of a project. Only its SHA-256 is stored; the raw key is shown once, when it is created."""

    class Kind(models.TextChoices):
        PRODUCER = "producer", "producer"
        AGENT = "agent", "agent"
        FEEDBACK = "feedback", "feedback"

    key_id = models.CharField(primary_key=True, max_length=24, default=new_key_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=20, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(editable=False)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To within ten minutes.")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)

    ranges: ClassVar[Ranges] = {"expires_at": ANY_YEAR}
    json_forms: ClassVar[dict[str, Any]] = {"scopes": [str]}

    class Meta:
        ordering = ["-created_at", "key_id"]

    def __str__(self) -> str:
        return f"{self.prefix}…{self.last_four}"

    def is_usable(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired. Whether its project is live is checked separately."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class AccessRequest(models.Model):
    """A request for a production tenant, which operators read in the admin. Nothing is done automatically."""

    name = RedactedCharField(max_length=120)
    email = RedactedEmailField()
    organisation = RedactedCharField(max_length=120, blank=True)
    message = RedactedTextField(max_length=4000, blank=True)
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Counter(models.Model):
    """A row of the cache that counts exactly over all processes; see tenants/limits/counter_cache.py."""

    key = models.CharField(primary_key=True, max_length=250)
    value = models.TextField(help_text="JSON.")
    expires_at = models.FloatField(db_index=True, help_text="Unix seconds.")

    def __str__(self) -> str:
        return self.key


class InstallationFact(models.Model):
    """What the control database remembers about its installation; see tenants/installation/."""

    name = models.CharField(primary_key=True, max_length=60)
    value = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """
    An action recorded in the audit log.

    Only tenants/audit/audit_log.py appends entries. The database refuses changes, and the hash chain reveals them.
    """

    class Event(models.TextChoices):
        DECIDED = "decided", "decided on a loop"
        ENDED = "ended", "ended the approval of a loop"
        PROJECT_MINTED = "project_minted", "project minted"
        KEY_MINTED = "key_minted", "key minted"
        KEY_REVOKED = "key_revoked", "key revoked"
        KEYS_RECOVERED = "keys_recovered", "keys rotated by recovery"
        SIGNED_IN = "signed_in", "signed in"
        SIGN_IN_FAILED = "sign_in_failed", "failed to sign in"
        SIGNED_OUT = "signed_out", "signed out"
        ADDED = "added", "added"
        CHANGED = "changed", "changed"
        DELETED = "deleted", "deleted"
        ACCEPTED = "accepted", "state of the data dir accepted"

    sequence = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    event = models.CharField(max_length=20, choices=Event.choices)
    actor = models.CharField(max_length=200, help_text="user:<name>, key:<id>, anyone, shell, or loopkit.")
    target = models.CharField(max_length=200, help_text="What it was done to, such as project:<id>.")
    tenant_id = models.CharField(
        "tenant",
        max_length=40,
        blank=True,
        help_text="Whose members see it; empty: operators and superusers only.",
    )
    address = models.CharField(
        max_length=45,
        blank=True,
        help_text="The client's, behind trusted proxies too.",
    )
    detail = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, help_text="HMAC-SHA256 over the entry and the hash before it.")

    json_forms: ClassVar[dict[str, Any]] = {"detail": dict}

    class Meta:
        ordering = ["-sequence"]
        indexes = [models.Index(fields=["target", "event", "sequence"], name="audit_about")]
        default_permissions = ["view"]
        verbose_name, verbose_name_plural = "audit entry", "audit entries"

    def __str__(self) -> str:
        return f"{self.sequence}: {self.actor} {self.event} {self.target}"
