"""A fix is verified though nobody asks: the periodic jobs of a server with two workers, from start to end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests import shared_server
from tests.browser_forms import Person
from tests.order_service_spans import order, request
from tests.server import Server, running
from tests.story_requests import diagnose, post, read


def shipped(server: Server, human: Person) -> tuple[str, dict[str, Any]]:
    """The path of a loop whose fix shipped, and its project."""
    project = server.provision("by-itself")
    failing = [order(n, failed=n % 4 == 0, minutes_ago=30 - n / 4) for n in range(80)]
    post(server, "/v1/traces", project["producer_key"], request(failing))
    [issue] = diagnose(server, project["agent_key"])["issues"]
    human.send(f"/admin/diagnosis/loop/{issue['loop_id']}/change/", verb="approve", reason="Fix it.")
    path = f"/v1/loops/{issue['loop_id']}"
    assert post(server, f"{path}/events", project["agent_key"], {"kind": "shipped"}).status == 201
    return path, project


def settled(server: Server, path: str, key: str) -> dict[str, Any]:
    """The loop once it is verified; half a minute is more than enough."""
    deadline = time.monotonic() + 30
    while (loop := read(server, path, key))["state"] != "held":
        assert time.monotonic() < deadline, loop
        time.sleep(0.1)
    return loop


def leases(data_dir: Path) -> list[str]:
    """Who holds the leases."""
    with closing(sqlite3.connect(data_dir / "control.sqlite3")) as control:
        return [holder for (holder,) in control.execute("SELECT holder FROM diagnosis_lease")]


def test_a_fix_is_verified_once_and_the_jobs_end_with_the_server(
    new_installation: Callable[[], Path], prepared: tuple[Path, str]
) -> None:
    data_dir = new_installation()
    with running(data_dir, LOOPKIT_ROUND_SECONDS="1") as server:
        human = Person(server.url)
        human.sign_in("admin", shared_server.password_in(prepared[1]))
        path, project = shipped(server, human)

        healthy = request(order(n, failed=False, minutes_ago=0, release="1.0.1") for n in range(60))
        post(server, "/v1/traces", project["producer_key"], healthy)
        loop = settled(server, path, project["agent_key"])

        assert [held["verdict"] for held in loop["verifications"]].count("held") == 1
        assert "The fix held." in human.read("/admin/diagnosis/notice/")
        assert leases(data_dir)[0].startswith("process ")

    assert leases(data_dir) == [""]
    assert b"Traceback" not in (data_dir / "server.log").read_bytes()
