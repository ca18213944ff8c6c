"""Lists in pages: while rows arrive or move, none that stays is skipped or shown twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from diagnosis.models import Loop, Packet, Severity
from telemetry.api import list_cursors
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import NOW, make_loop

Get = Callable[..., Any]


@pytest.fixture
def get(alice: MintedProject, call: Callable[..., Any]) -> Get:
    """A page of a list with alice's agent key."""

    def ask(path: str, cursor: str | None = None, limit: int = 2) -> Any:
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        return call("GET", f"{path}?{query}", alice.keys["agent"])

    return ask


def rest(get: Get, path: str, cursor: str | None) -> list[str]:
    """The ids of all pages behind the cursor."""
    found: list[str] = []
    while cursor:
        answer = get(path, cursor).json()
        found += ids(answer)
        cursor = answer["next_cursor"]
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    """Of the packets or loops of an answer."""
    return [row.get("loop_id") or row["packet_id"] for row in answer.get("packets") or answer["loops"]]


def make_packet(alice: MintedProject, minute: int) -> str:
    """A packet of that minute."""
    document = {"issues": [], "failures": 0, "window": {}, "created_at": ""}
    packet = Packet.objects.create(
        project=alice.project, status="x", document=document, created_at=NOW + timedelta(minutes=minute)
    )
    return packet.packet_id


def test_a_packet_that_arrives_between_pages_does_not_disturb_them(alice: MintedProject, get: Get) -> None:
    packets = [make_packet(alice, minute) for minute in (1, 2, 2, 2, 3)]
    first = get("/v1/packets").json()
    make_packet(alice, 9)

    listed = ids(first) + rest(get, "/v1/packets", first["next_cursor"])

    assert sorted(listed) == sorted(packets)
    assert (listed[0], listed[-1]) == (packets[-1], packets[0])


def ranked(alice: MintedProject) -> list[str]:
    """Loops in the order of the list: each differs from the one before it by a later part of their key."""
    ranks = [(4, 1, 0), (3, 9, 0), (3, 5, 0), (3, 5, 1), (3, 5, 2), (1, 7, 0), (1, 6, 0)]
    return [
        make_loop(
            alice.project, cluster=n, severity=Severity(severity), failures=failures,
            now=NOW + timedelta(minutes=minute),
        ).loop_id
        for n, (severity, failures, minute) in enumerate(ranks)
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_together_are_every_loop_worst_first(alice: MintedProject, get: Get, limit: int) -> None:
    loops = ranked(alice)
    first = get("/v1/loops", limit=limit).json()

    assert ids(first) + rest(get, "/v1/loops", first["next_cursor"]) == loops


def test_loops_of_one_rank_are_each_listed_once(alice: MintedProject, get: Get) -> None:
    loops = {make_loop(alice.project, cluster=n).loop_id for n in range(5)}
    first = get("/v1/loops").json()

    listed = ids(first) + rest(get, "/v1/loops", first["next_cursor"])

    assert len(listed) == 5
    assert set(listed) == loops


def test_a_loop_that_arrives_between_pages_repeats_no_other(alice: MintedProject, get: Get) -> None:
    loops = ranked(alice)
    first = get("/v1/loops").json()

    make_loop(alice.project, cluster=99, severity=Severity.CRITICAL, failures=99)

    assert rest(get, "/v1/loops", first["next_cursor"]) == loops[2:]


def test_a_loop_that_moves_between_pages_hides_no_other(alice: MintedProject, get: Get) -> None:
    loops = ranked(alice)
    first = get("/v1/loops").json()

    Loop.objects.filter(loop_id=loops[1]).update(severity=1, failures=1)  # the last row of the first page

    assert rest(get, "/v1/loops", first["next_cursor"]) == [*loops[2:], loops[1]]


def packed(*key: Any) -> str:
    """A cursor with that key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


TIME = NOW.isoformat()


@pytest.mark.parametrize("path", ["/v1/packets", "/v1/loops"])
@pytest.mark.parametrize(
    "cursor",
    [
        "!", "LTE", "AAAA", "MTA", "x" * 5000, packed(), packed(TIME), packed("never", "pkt_1"),
        packed("2025-06-02T12:00:00", "pkt_1"), packed(TIME, "pkt_1", "more"), packed(TIME, "\x00"),
        packed(None, None), packed([], {}), packed(4, 10**30, TIME, "loop_1"), packed(99, 1, TIME, "loop_1"),
        packed(4, 1, "2025-13-01", "loop_1"), packed(4, -(2**63), TIME, "loop_1"), packed(4, 1, TIME, None),
        packed("0001-01-01T00:00:00+14:00", "pkt_1"), packed(4, 1, "9999-12-31T23:59:59-14:00", "loop_1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_tagged", [False, True])
def test_a_text_that_is_no_cursor_is_refused(
    get: Get, path: str, cursor: str, is_tagged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_tagged:
        monkeypatch.setattr(list_cursors, "list_tag", lambda request: "")

    answer = get(path, cursor)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert "next_cursor" in answer.json()["error"]["hint"]


def test_a_cursor_of_the_other_list_is_refused(alice: MintedProject, get: Get) -> None:
    ranked(alice)
    of_loops = get("/v1/loops").json()["next_cursor"]

    assert get("/v1/packets", of_loops).status_code == 400
