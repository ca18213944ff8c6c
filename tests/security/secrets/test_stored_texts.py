"""Every text column holds redacted text, or text that LoopKit itself makes; a new one must be decided on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from tenants.stored_text import StoredWithoutSecrets

TEXTS = (models.CharField, models.TextField, models.JSONField)
# Made by LoopKit: ids, choices, hashes, names of machines and people that staff manage, counts.
OWN = {
    "tenants": {
        "Tenant.tenant_id", "Project.project_id", "Project.plan", "Project.state", "Key.key_id", "Key.kind",
        "Key.digest", "Key.prefix", "Key.last_four", "Key.scopes", "Counter.key", "Counter.value",
        "InstallationFact.name", "InstallationFact.value", "AuditEntry.event", "AuditEntry.actor", "AuditEntry.target",
        "AuditEntry.tenant_id", "AuditEntry.address", "AuditEntry.hash",
    },
    "diagnosis": {
        "EvalCandidate.eval_id", "EvalCandidate.cluster_id", "FeedKey.digest", "FeedKey.last_four",
        "FingerprintSwitch.actor", "FingerprintSwitch.phase", "FingerprintSwitch.position", "FingerprintSwitch.moves",
        "Lease.name", "Lease.holder", "Packet.packet_id", "Packet.status", "Packet.basis", "Loop.loop_id",
        "Loop.cluster_id", "Loop.state",
        "Loop.signal_type", "Loop.trend", "Loop.verdict", "Loop.way_on", "Loop.reported",
        "Loop.baseline", "Loop.quiet_since",
        "LoopEvent.kind", "LoopEvent.actor",
        "Decision.verb", "Decision.content_hash", "Decision.content", "Decision.numbers", "MailChoice.mode",
        "Mail.claim",
        "Notice.kind", "Notice.once", "Notice.severity", "Notice.state", "Tracker.kind", "Verification.verdict",
    },
    "telemetry": {"Tally.reason"},
}  # fmt: skip
# Made from telemetry, which was scrubbed before it was stored; the audit log's detail is redacted before it is sealed.
DERIVED = {
    "tenants": {"AuditEntry.detail"},
    "diagnosis": {
        "EvalCandidate.document", "Packet.document", "Loop.title", "Loop.service", "Loop.operation", "Loop.issue",
        "Loop.again", "LoopEnvironment.environment", "Notice.title", "Notice.text", "Verification.document",
    },
    "telemetry": {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("telemetry").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, TEXTS)
    } - {"Tally.reason"},
}  # fmt: skip


def text_columns(app: str) -> Iterator[tuple[str, bool]]:
    """The app's text columns, and whether what is stored in them is redacted."""
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXTS):
                yield f"{model.__name__}.{field.name}", isinstance(field, StoredWithoutSecrets)


@pytest.mark.parametrize("app", ["tenants", "telemetry", "diagnosis"])
def test_every_text_column_is_redacted_or_decided_on(app: str) -> None:
    columns = dict(text_columns(app))

    assert {name for name, is_redacted in columns.items() if not is_redacted} == (OWN[app] | DERIVED[app])
