"""A worker of one thread, which a test holds for as long as it likes: what waits for a thread waits."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT
from tests.server import free_port

CONFIG = """
from loopkit.worker.limits import ClientLimits
from loopkit.worker.patient_worker import PatientWorker
PatientWorker.limits = ClientLimits({limits})
worker_class, workers, threads, keepalive = PatientWorker, 1, 1, 30
logger_class, loglevel = "loopkit.server_log.BoundedServerLog", "warning"
"""
# Its answer is how many requests it has had, and how long this one waited. With the query `wait`, it holds its thread
# until there is a file `gate`.
APPLICATION = """
import pathlib, time
import django
django.setup()
from loopkit.http.client_connection import waited_seconds
calls = []
def application(environ, start_response):
    calls.append(environ["PATH_INFO"])
    waited = waited_seconds(environ)
    environ["wsgi.input"].read()
    while environ["QUERY_STRING"] == "wait" and not pathlib.Path(__file__).with_name("gate").exists():
        time.sleep(0.01)
    answer = str(len(calls)).encode()
    start_response("200 OK", [("Content-Length", str(len(answer))), ("X-Waited", f"{waited:.3f}")])
    return [answer]
"""


@dataclass(frozen=True, slots=True)
class GatedServer:
    """Such a server."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    clients: ExitStack

    def send(self, sent: bytes) -> socket.socket:
        """A connection on which that was sent."""
        client = self.clients.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=10))
        client.sendall(sent)
        return client

    def post(self, path: str, size: int = 0) -> socket.socket:
        """A connection on which a body of that size was posted."""
        head = b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (path.encode(), size)
        return self.send(head + b"x" * size)

    def number_of_calls(self) -> int:
        """How many requests the application has had."""
        with self.post("/") as client:
            return int(client.recv(65536).rpartition(b"\n")[2])

    def hold(self) -> None:
        """Have the thread held."""
        (self.folder / "gate").unlink(missing_ok=True)
        self.post("/?wait")

    def open_gate(self) -> None:
        """Let the thread go."""
        (self.folder / "gate").touch()

    def logged(self) -> str:
        """What it logged."""
        return (self.folder / "log").read_text()


@contextmanager
def gated_server(folder: Path, limits: str) -> Iterator[GatedServer]:
    """A server with these arguments of ClientLimits, which has answered one request."""
    (folder / "config.py").write_text(CONFIG.format(limits=limits))
    (folder / "gated.py").write_text(APPLICATION)
    port = free_port()
    environment = os.environ | {
        "LOOPKIT_DATA_DIR": str(folder / "data"), "PYTHONPATH": f"{folder}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "loopkit.settings",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "config.py", "-b", f"127.0.0.1:{port}", "gated"]
    with ExitStack() as clients, (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log, start_new_session=True)
        server = GatedServer(port, folder, process, clients)
        try:
            wait_for_port(port)
            assert server.number_of_calls() == 1
            yield server
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # a worker whose thread is held would stay
            process.wait()


def wait_for_port(port: int) -> None:
    """Until a server listens there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
