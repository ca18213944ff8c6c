"""
Nothing that reads clusters runs while a project's fingerprints are switched: half of them would have new ids already.

Called twice where something is written: at the start, to answer soon, and in the transaction that writes.
"""

from __future__ import annotations

from typing import NoReturn

from diagnosis.models import FingerprintSwitch
from loopkit.http.errors import Unavailable
from tenants.models import Project

RETRY_SECONDS = 5


def check(project: Project) -> None:
    """Unavailable while a switch is under way."""
    if FingerprintSwitch.objects.filter(project=project, finished_at=None).exists():
        refuse()


def hold(project: Project) -> None:
    """The same, and none begins before the transaction ends. Unavailable also if one ended since the project came."""
    version = Project.objects.select_for_update().values_list("fingerprint_version", flat=True)
    if version.get(pk=project.pk) != project.fingerprint_version:
        refuse()
    check(project)


def refuse() -> NoReturn:
    """503: later it works."""
    raise Unavailable(
        "fingerprints_switching",
        "This project's clusters are being told apart anew.",
        "Send the same request again. If this lasts, the operator has to go on with the switch that was begun.",
        RETRY_SECONDS,
    )
