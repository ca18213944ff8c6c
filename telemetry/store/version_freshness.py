"""
A request may use the fingerprint version that it read for MAX_AGE seconds; a slower request reads it again.

A switch of the version waits longer than that before it reads what is stored, and takes the store's lock once: by
then all that was written with the old version is there, and no more of it comes. So most requests cost no query.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.db.utils import OperationalError

from telemetry.store.batch import Batch
from tenants.models import Project
from tenants.stores.binding import bound_project

MAX_AGE = 2.0  # seconds; hardly any request takes as long
WAIT = 2 * MAX_AGE  # of a switch, after the project has its new version


class SwitchedMeanwhile(OperationalError):
    """The project's fingerprints were switched while the request came in. Clients send it again."""


def check_versions(batches: Iterable[Batch]) -> None:
    """
    Raise SwitchedMeanwhile for failures that were grouped by a version that the project no longer has.

    Called under the store's lock.
    """
    versions = {batch.version for batch in batches if is_unsure(batch)}
    if versions and versions != {version_now()}:
        raise SwitchedMeanwhile(
            "the fingerprint version was switched while the request came in; it is to be sent again"
        )


def is_unsure(batch: Batch) -> bool:
    """Whether the batch holds failures and read their version more than MAX_AGE seconds ago."""
    is_old = time.monotonic() - batch.known_at > MAX_AGE
    return is_old and (bool(batch.logs) or any(row.fingerprint is not None for row in batch.rows))


def version_now() -> int:
    """The bound project's fingerprint version as it is stored now."""
    rows = Project.objects.filter(pk=bound_project().pk)
    return int(rows.values_list("fingerprint_version", flat=True)[0])
