"""The end of log records that were kept as context of traces: so many days after they came, as the project says."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from telemetry.store import context_logs
from telemetry.windows import unix_nano
from tenants.models import Project
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)


def projects_with_context() -> QuerySet[Project]:
    """The projects that may have such log records."""
    return Project.objects.filter(Q(context_log_days__gt=0) | Q(has_context_logs=True), has_store=True)


def erase_context(project: Project, now: datetime) -> int:
    """Erase the project's log records whose days are over, or all of them where it keeps none; returns their number."""
    days = project.context_log_days
    with bind(project):
        erased = context_logs.erase_before(unix_nano(now - timedelta(days=days)))
    if erased:
        logger.info("erased %s log records of %s", erased, project.project_id)
    elif not days:
        # Nothing came since the last round, so that no request is left that was to keep some.
        Project.objects.filter(pk=project.pk, context_log_days=0).update(has_context_logs=False)
    return erased
