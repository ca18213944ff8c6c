"""
Refusal of requests that read clusters while a project's fingerprints are switched: half of the clusters have new ids.

Diagnosis and verification check twice: at the start, to answer soon, and with `hold` in the transaction that writes.
"""

from __future__ import annotations

from typing import NoReturn

from diagnosis.models import FingerprintSwitch
from loopkit.http.errors import Unavailable
from tenants.models import Project

RETRY_SECONDS = 5


def is_switching(project: Project) -> bool:
    """Whether a switch of the project's fingerprints is under way."""
    return FingerprintSwitch.objects.filter(project=project, finished_at=None).exists()


def check_no_switch(project: Project) -> None:
    """Raise Unavailable while a switch of the project's fingerprints is under way."""
    if is_switching(project):
        refuse_while_switching()


def hold(project: Project) -> None:
    """
    Lock the project, so that no switch begins before the transaction ends.

    Raises Unavailable while a switch is under way, and if one changed the version since the project was read.
    """
    version = Project.objects.select_for_update().values_list("fingerprint_version", flat=True)
    if version.get(pk=project.pk) != project.fingerprint_version:
        refuse_while_switching()
    check_no_switch(project)


def refuse_while_switching() -> NoReturn:
    """Raise Unavailable (503), with the advice to send the request again."""
    raise Unavailable(
        "fingerprints_switching",
        "This project's fingerprints are being switched to another version.",
        "Send the same request again. If this error persists, an operator has to resume the switch.",
        RETRY_SECONDS,
    )
