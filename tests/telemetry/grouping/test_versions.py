"""Versions of fingerprints side by side: a project has the numbers of its own version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry.grouping.versions import FIRST, NEWEST, VERSIONS, UnknownVersion, rules_of_version
from telemetry.models import Record
from tenants.keys.provisioning import MintedProject
from tenants.models import NEWEST_FINGERPRINTS, Project
from tenants.stores.binding import bind
from tests.telemetry.factory import request, span

SPAN = span("place order", at=datetime(2026, 5, 4, 12, tzinfo=UTC), error="no stock")


def stored(project: Project) -> set[int | None]:
    """The fingerprints of the project's records."""
    with bind(project):
        return set(Record.objects.values_list("fingerprint", flat=True))


def test_a_new_project_begins_with_the_newest_version(alice: MintedProject) -> None:
    assert alice.project.fingerprint_version == NEWEST_FINGERPRINTS == NEWEST.version == max(VERSIONS)


def test_a_project_keeps_its_version(call: Any, make_project: Any) -> None:
    old, new = make_project(fingerprint_version=FIRST.version), make_project()

    for minted in (old, new):
        call("POST", "/v1/traces", minted.keys["producer"], request(SPAN))

    assert stored(old.project).isdisjoint(stored(new.project))


def test_spans_for_a_version_of_a_newer_loopkit_are_asked_for_again(call: Any, make_project: Any) -> None:
    minted = make_project(fingerprint_version=max(VERSIONS) + 1)

    answer = call("POST", "/v1/traces", minted.keys["producer"], request(SPAN))

    assert (answer.status_code, stored(minted.project)) == (503, set())
    with pytest.raises(UnknownVersion, match="start the newer LoopKit"):
        rules_of_version(max(VERSIONS) + 1)
