"""The real server as a test subject: prepared and started as the README says, on a free loopback port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import ROOT


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Server:
    """A running LoopKit."""

    port: int
    data_dir: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"

    def call(
        self,
        method: str,
        path: str,
        key: str = "",
        data: bytes | Iterable[bytes] | dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """One request on a connection of its own. An iterable of bytes is sent chunked, a dict as JSON."""
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        if isinstance(data, dict):
            data, sent["Content-Type"] = json.dumps(data).encode(), "application/json"
        with self.connection() as connection:
            connection.request(method, path, body=data, headers=sent | headers)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """A connection for several requests."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            yield connection

    def provision(self, name: str) -> dict[str, Any]:
        """A fresh project over HTTP."""
        answer = self.call("POST", "/v1/provision", data={"project_name": name})
        assert answer.status == 201, answer.body
        return dict(answer.json())

    def manage(self, *command: str, **environment: str) -> str:
        """A management command in the server's data dir; what it printed."""
        return manage(self.environment | environment, *command)


def manage(environment: dict[str, str], *command: str) -> str:
    """`manage.py <command>`."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def free_port() -> int:
    """A loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_of(data_dir: Path, port: int, **variables: str) -> Server:
    """The server that runs there, or is about to."""
    environment = os.environ | {
        "LOOPKIT_DATA_DIR": str(data_dir),
        "PORT": str(port),
        "LOOPKIT_MINT_RATE": "10000/h",
        "LOOPKIT_RECOVER_RATE": "10000/h",
        "LOOPKIT_FEEDBACK_RATE": "10000/h",
        "LOOPKIT_ROUND_SECONDS": "0",  # what happens by itself would race with what a test asks for
        **variables,
    }
    return Server(port, data_dir, environment)


@contextmanager
def running(data_dir: Path, *, descriptors: int = 0, **variables: str) -> Iterator[Server]:
    """
    A server with its own data dir, which is prepared unless it was; ended with its block.

    Args:
        descriptors: the hard limit of open files of each process; 0 for this process's own.
    """
    limit = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
    server = server_of(data_dir, free_port(), **variables)
    if not (data_dir / "control.sqlite3").exists():
        server.manage("prepare")
    with (data_dir / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*limit, sys.executable, "-m", "gunicorn", "-c", "loopkit/server.py", "loopkit.wsgi"],
            cwd=ROOT,
            env=server.environment,
            stderr=log,
        )
    try:
        wait_until_ready(server.port)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # SIGTERM would wait a second for requests that nobody sends
        process.wait(timeout=20)


def wait_until_ready(port: int) -> None:
    """Until the port answers, for a minute at most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer in a minute")
