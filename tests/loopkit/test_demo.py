"""The demo: recorded requests moved in time, a story that may be told again, a server that ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from loopkit.demo import packet_text, recordings, story
from loopkit.demo.client import RequestRefused, post
from loopkit.demo.project import load_demo_project, open_project, save
from tests import ROOT
from tests.server import Server, free_port

MOMENT = 1_900_000_000_000_000_000
ISSUE = {
    "title": "GET /orders/:id: TypeError: Cannot read properties of undefined",
    "severity": "high",
    "status": "new",
    "trend": "new",
    "signal_type": "error",
    "service": "web-shop",
    "count": 8,
    "impact": {"records": 8, "traces": 8, "sessions": 1, "users": 0, "operation_records": 20, "share": 0.4},
    "evidence_ids": ["rec_1", "rec_2", "rec_3"],
    "next_action": "Wait for a human: the loop is proposed.",
}
PACKET = {
    "packet_id": "pkt_1",
    "status": "ready_for_issue_diagnosis",
    "reason": "",
    "next_action": "Ask a human to decide.",
    "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"},
    "telemetry_read": 2807,
    "failures": 8,
    "memory": [],
    "issues": [ISSUE],
}


@pytest.mark.parametrize("client", recordings.CLIENTS)
def test_the_newest_span_of_each_client_ends_at_the_moment(client: str) -> None:
    requests = [request for request, _ in recordings.ending_at(client, MOMENT)]

    assert max(end for request in requests for end in recordings.end_times(request)) == MOMENT


@pytest.mark.parametrize("client", ["node-express-json", "py-flask-proto"])
def test_only_times_differ_from_what_was_recorded(client: str) -> None:
    recorded = recordings.read_recordings(client)
    moved = [
        recordings.Recording(item.content_type, recordings.moved_in_time(item, 5_000)) for item in recorded
    ]

    moved_back = [recordings.moved_in_time(item, -5_000) for item in moved]

    assert [normal(item.content_type, body) for item, body in zip(recorded, moved_back, strict=True)] == [
        normal(item.content_type, item.body) for item in recorded
    ]


def normal(content_type: str, body: bytes) -> Any:
    """A body in a form that can be compared."""
    if content_type == recordings.PROTOBUF:
        return ExportTraceServiceRequest.FromString(body)
    return json.loads(body)


def test_the_spans_fit_a_sandbox_with_room_to_spare() -> None:
    counts = [count for client in recordings.CLIENTS for _, count in recordings.ending_at(client, MOMENT)]

    assert sum(counts) == 2807


def test_an_incomplete_checkout_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="the checkout is not complete"):
        recordings.read_recordings("no-such-client")


def test_a_packet_reads_as_text_with_what_a_person_asks_first() -> None:
    text = "\n".join(packet_text.packet_lines(PACKET))

    assert "Packet pkt_1: ready_for_issue_diagnosis, 1 issue\n" in text
    assert "2,807 records, 8 failed records (failures with what they caused)" in text
    assert "  1.  high      “GET /orders/:id: TypeError" in text
    assert "8 failures in 8 traces, 1 session; 40% of the operation's records" in text
    assert "rec_1 rec_2 and 1 more" in text
    assert "Wait for a human" in text


def test_a_long_packet_is_cut_and_says_so() -> None:
    text = "\n".join(packet_text.packet_lines(PACKET | {"issues": [ISSUE] * 10}))

    assert text.count("evidence") == packet_text.SHOWN_ISSUES
    assert "and 2 more issues" in text


@pytest.fixture
def few_spans(monkeypatch: pytest.MonkeyPatch) -> int:
    """The story with its two smallest clients, one that sends JSON and one protobuf; how many spans they have."""
    clients = {name: recordings.CLIENTS[name] for name in ("node-aisdk-v5", "py-mcp")}
    monkeypatch.setattr(recordings, "CLIENTS", clients)
    return sum(count for name in clients for _, count in recordings.ending_at(name, MOMENT))


def test_a_story_told_twice_stores_each_span_once(server: Server, tmp_path: Path, few_spans: int) -> None:
    file = tmp_path / "demo.json"
    first: list[str] = []
    second: list[str] = []

    story.tell_story(server.url, file, True, first.append)
    story.tell_story(server.url, file, False, second.append)

    known = load_demo_project(file)
    assert known
    assert server.call("GET", "/v1/dashboard", known.agent_key).json()["counts"]["stored_total"] == few_spans
    assert any("provisioned" in line for line in first)
    assert any("resumed" in line for line in second)
    assert sum(" 0 spans stored" in line for line in second) == len(recordings.CLIENTS)
    assert any("/admin/" in line for line in second)


def test_a_story_told_hours_later_still_reaches_its_telemetry(
    server: Server, tmp_path: Path, few_spans: int
) -> None:
    file = tmp_path / "demo.json"
    project, _ = open_project(server.url, file, fresh=True)
    save(file, replace(project, moment_unix_nano=project.moment_unix_nano - 5 * 3_600_000_000_000))
    said: list[str] = []

    story.tell_story(server.url, file, False, said.append)

    assert any("replayed 5 h ago" in line for line in said)
    assert any(f"{few_spans:,} records" in line for line in said)


def test_the_keys_are_kept_for_their_owner_only(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"

    project, is_new = open_project(server.url, file, fresh=True)

    assert is_new
    assert load_demo_project(file) == project
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_lost_file_leads_to_another_name(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    first, _ = open_project(server.url, file, fresh=False)
    file.unlink()

    second, is_new = open_project(server.url, file, fresh=False)

    assert is_new
    assert second.project_id != first.project_id
    assert second.project_name != "demo"


def test_an_error_says_what_to_do(server: Server) -> None:
    with pytest.raises(RequestRefused, match=r"POST /v1/provision: 400 .*project_name") as caught:
        post(f"{server.url}/v1/provision", data={"name": "x"})

    assert caught.value.status == 400


# What differs from run to run in a line of the demo, and what stands for it.
DIFFERS = {
    r"\b(pkt|loop|rec)_[0-9a-f]+": r"\1_",
    r"\bdemo-[0-9a-f]{8}\b": "demo-",
    r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC": "TIME",
    r"(?<=password )\S+": "PASSWORD",
    r"(/\S+)+(?=/demo\.json)|(?<=Data dir ready: )\S+": "DATA_DIR",
    r"127\.0\.0\.1:\d+": "HOST",
}


def comparable(line: str) -> str:
    """A line of the demo without what differs from run to run."""
    for pattern, stand_in in DIFFERS.items():
        line = re.sub(pattern, stand_in, line)
    return line.rstrip()


def readme_lines() -> list[str]:
    """What README.md says that `make demo` prints, without make's own lines and the mark of what is left out."""
    block = (ROOT / "README.md").read_text().split("```\n$ make demo\n")[1].split("```")[0]
    lines = [comparable(line) for line in block.splitlines()]
    return [
        line for line in lines if not line.startswith(("Making ", "Installing ")) and line.strip() != "[...]"
    ]


@pytest.fixture(scope="module")
def demo_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir that the first run of the command prepares and the second finds."""
    return tmp_path_factory.mktemp("demo")


@pytest.mark.parametrize(
    ("send", "ending"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="Ctrl-C"),
        pytest.param(os.kill, signal.SIGTERM, id="SIGTERM", marks=pytest.mark.faults),
    ],
)
def test_the_command_ends_with_code_0_and_leaves_no_server(
    demo_dir: Path, send: Callable[[int, int], None], ending: signal.Signals
) -> None:
    port = free_port()
    environment = os.environ | {
        "LOOPKIT_DATA_DIR": str(demo_dir),
        "LOOPKIT_WORKERS": "1",
        "PORT": str(port),
    }
    command = [sys.executable, "manage.py", "demo"]
    is_first_run = not any(demo_dir.iterdir())
    said = []

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            if line.startswith("Serving on"):
                send(process.pid, ending)  # a terminal sends Ctrl-C to the whole group
        code = process.wait(timeout=30)

    assert code == 0, "".join(said)
    assert said[-1] == "Stopped.\n"
    assert any("2,807 records" in line for line in said)
    printed = iter([comparable(line) for line in said])
    assert (
        not is_first_run or [line for line in readme_lines() if line not in printed] == []
    )  # in their order
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        threading.Thread(target=lambda: other.accept()[0].close()).start()  # it speaks no HTTP
        port = other.getsockname()[1]
        environment = os.environ | {"LOOPKIT_DATA_DIR": str(tmp_path), "PORT": str(port)}
        command = [sys.executable, "manage.py", "serve"]

        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert f"Port {port} is taken by another program" in done.stderr
    assert f"PORT={port + 1}" in done.stderr
    assert not (tmp_path / "control.sqlite3").exists()
