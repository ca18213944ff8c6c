"""
What a request knows of its project's fingerprint version is good for LEASE seconds; a slower request asks again.

A switch of the version waits longer than that before it looks at what is stored, and takes the store's lock once: by
then all that was written with the old version is there, and nothing more of it comes. So a request costs no query.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.db.utils import OperationalError

from telemetry.store.batch import Batch
from tenants.models import Project
from tenants.stores.binding import bound_project

LEASE = 2.0  # seconds; hardly a request takes as long
WAIT = 2 * LEASE  # of a switch, after the project has its new version


class SwitchedMeanwhile(OperationalError):
    """The project's fingerprints were switched while the request came in. Clients send it again."""


def check(batches: Iterable[Batch]) -> None:
    """Refuse failures that were told apart by a version the project no longer has. Called under the store's lock."""
    unsure = {batch.version for batch in batches if is_unsure(batch)}
    if unsure and unsure != {version_now()}:
        raise SwitchedMeanwhile("its fingerprints were switched to another version meanwhile")


def is_unsure(batch: Batch) -> bool:
    """Whether it holds failures and knows their version for too long."""
    is_old = time.monotonic() - batch.known_at > LEASE
    return is_old and any(row.fingerprint is not None for row in batch.rows)


def version_now() -> int:
    """The version of the bound project as it is stored."""
    rows = Project.objects.filter(pk=bound_project().pk)
    return int(rows.values_list("fingerprint_version", flat=True)[0])
