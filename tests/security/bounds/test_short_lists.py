"""A list reads what it shows of each row, not the documents behind it, which have hundreds of kilobytes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from diagnosis.models import Loop, Packet
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import NOW, make_issue, make_loop
from tests.staff_clients import operator

Call = Callable[..., Any]
ROWS = 40
TEXT = "x" * 1000
LATER = NOW + timedelta(hours=1)  # the newest packet is the shortest of these, and the dashboard reads it
MOST_MIB = 4  # of 40 documents of 200 KB, and of what any answer takes


@pytest.fixture
def rows(alice: MintedProject) -> MintedProject:
    """A project with large packets and large loops."""
    project = alice.project
    for number in range(ROWS):
        document = {
            "failures": number,
            "window": {"start": "2025-06-02T11:00:00.000000Z", "since_minutes": 60},
            "created_at": "2025-06-02T12:00:00.000000Z",
            "issues": [make_issue(message=TEXT, loop_id=None) for _ in range(number + 90)],
        }  # fmt: skip
        Packet.objects.create(
            project=project,
            status="observe_more",
            document=document,
            created_at=LATER - timedelta(seconds=number),
        )
    for number in range(ROWS):
        loop = make_loop(project, cluster=number + 1)
        Loop.objects.filter(pk=loop.pk).update(issue=make_issue(message=TEXT * 200))
    return alice


@pytest.mark.parametrize("path", ["/v1/packets?limit=500", "/v1/loops?limit=500", "/v1/dashboard"])
def test_a_list_reads_no_documents(rows: MintedProject, call: Call, path: str) -> None:
    call("GET", path, rows.keys["agent"])
    tracemalloc.start()
    try:
        answer = call("GET", path, rows.keys["agent"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with CaptureQueriesContext(connection) as queries:
        call("GET", path, rows.keys["agent"])

    assert answer.status_code == 200
    assert peak < MOST_MIB * 2**20
    assert len(queries) < 20


def test_the_list_of_the_admin_reads_no_documents(rows: MintedProject) -> None:
    boss, path = operator(), "/admin/diagnosis/packet/?all="
    boss.get(path)
    tracemalloc.start()
    try:
        page = boss.get(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert page.status_code == 200
    assert f">{90 + ROWS - 1}<" in page.content.decode()
    assert peak < MOST_MIB * 2**20


def test_a_summary_is_that_of_the_document(rows: MintedProject, call: Call) -> None:
    listed = call("GET", "/v1/packets?limit=500", rows.keys["agent"]).json()["packets"]

    assert len(listed) >= ROWS
    for packet in Packet.objects.filter(status="observe_more"):
        document = packet.document
        (shown,) = [each for each in listed if each["packet_id"] == packet.pk]
        assert shown == {
            "packet_id": packet.pk,
            "status": packet.status,
            "issues": len(document["issues"]),
            **{name: document[name] for name in ("failures", "window", "created_at")},
        }
