"""
The end of expired sandbox projects: some time after the last day, everything of them is erased, with a receipt.

Only what nobody chose to keep: a permanent project has no last day, a suspended one waits for its operator, and one
with a human's decision stays, because decisions are never deleted. The audit log keeps its entries, and gets one more.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from diagnosis.models import Decision, Loop, Packet
from tenants.audit import audit_log
from tenants.audit.audit_log import Actor, AuditEvent
from tenants.models import Project
from tenants.stores.project_file import path_of

logger = logging.getLogger(__name__)
BY = Actor("loopkit")
MOST = 100  # projects in one round of the periodic jobs


def erase_expired(now: datetime) -> list[str]:
    """Erase sandbox projects whose grace is over, and return their ids."""
    ids = erasable(now).order_by("expires_at", "pk").values_list("pk", flat=True)
    return [project_id for project_id in list(ids[:MOST]) if erase_if_expired(project_id, now)]


def erasable(now: datetime) -> QuerySet[Project]:
    """The sandbox projects that expired longer than the grace ago, and that nobody suspended or decided on."""
    grace = timedelta(days=settings.LOOPKIT_SANDBOX_GRACE_DAYS)
    decided = Decision.objects.values("loop__project")
    expired = Project.objects.filter(plan=Project.Plan.SANDBOX, expires_at__lte=now - grace)
    return expired.filter(state=Project.State.ACTIVE).exclude(pk__in=decided)


@transaction.atomic
def erase_if_expired(project_id: str, now: datetime) -> bool:
    """Erase the project, and return True, unless somebody kept it meanwhile."""
    project = erasable(now).select_for_update().filter(pk=project_id).first()
    if project is None:
        return False
    expired_at, tenant_id = project.expires_at, project.tenant_id
    erase_rows(project)
    target, reason = f"project:{project_id}", "expired"
    audit_log.append_entry(
        AuditEvent.DELETED, target, BY, now, tenant_id, reason=reason, expired_at=expired_at
    )
    # Last, and before the commit: if a file cannot be deleted, all of it is tried again in the next round.
    for path in files_of(project_id):
        path.unlink(missing_ok=True)
    logger.info("erased %s, which expired at %s", project_id, expired_at)
    return True


def erase_rows(project: Project) -> None:
    """Delete the project with all its rows of the control database, in an order that protected references allow."""
    loops = Loop.objects.filter(project=project)
    loops.update(joined_to=None)
    loops.delete()
    Packet.objects.filter(project=project).delete()
    project.delete()


def files_of(project_id: str) -> list[Path]:
    """The files of the project: its store, with what SQLite keeps beside it, and the mark that older versions made."""
    path = path_of(project_id)
    beside = [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal")]
    return [*beside, path.with_name(f".{project_id}.made"), path]
