"""The servers under load, each started as it is in production: LoopKit, and the ceiling on the same gunicorn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Refused
from tests import ROOT
from tests.server import Server, free_port, server_of, wait_until_ready

GUNICORN = [sys.executable, "-m", "gunicorn"]
LOOPKIT = [*GUNICORN, "-c", "loopkit/server.py", "loopkit.wsgi"]
UNLIMITED = {"LOOPKIT_SANDBOX_SPANS": str(10**9)}  # the quota is counted, and never reached
READ_FLAGS = """
import json, loopkit.server as server
flags = ("worker_class", "workers", "threads", "keepalive", "worker_connections", "backlog", "reuse_port")
print(json.dumps({flag: getattr(server, flag) for flag in flags if hasattr(server, flag)}))
"""
STOP_SECONDS = 30
LOG_CHARACTERS = 4000  # of a server's log, shown where it refused a request


@dataclass(frozen=True, slots=True)
class Target:
    """A server that can be driven: a key for each project, and the process to watch."""

    port: int
    process: int
    keys: list[str]


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """A process that lives as long as its block; its id."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stderr=output)
    try:
        yield started.pid
    except Refused:
        sys.stderr.write(log.read_text(errors="replace")[-LOG_CHARACTERS:])
        raise
    finally:
        started.send_signal(signal.SIGQUIT)  # SIGTERM would wait a second for requests that nobody sends
        started.wait(timeout=STOP_SECONDS)


def prepared(folder: Path) -> Server:
    """LoopKit's data dir made ready in this folder; not yet started."""
    server = server_of(folder, free_port(), **UNLIMITED)
    server.manage("prepare")
    return server


@contextmanager
def loopkit(server: Server) -> Iterator[int]:
    """The product, with everything on, answering; its process id."""
    with process(LOOPKIT, server.environment, server.data_dir / "server.log") as number:
        wait_until_ready(server.port)
        yield number


@contextmanager
def ceiling(folder: Path, environment: Mapping[str, str], projects: int) -> Iterator[Target]:
    """The smallest view that could do the work, under gunicorn with LoopKit's own flags."""
    port = free_port()
    command = [*GUNICORN, *flags(environment), f"--bind=127.0.0.1:{port}", "benchmarks.ceiling"]
    with process(command, os.environ | {"CEILING_DIR": str(folder)}, folder / "ceiling.log") as number:
        wait_until_ready(port)
        yield Target(port, number, [f"project-{project}" for project in range(projects)])


def flags(environment: Mapping[str, str]) -> list[str]:
    """What loopkit/server.py says of workers and connections, as gunicorn's command line has it."""
    said = subprocess.run(
        [sys.executable, "-c", READ_FLAGS], cwd=ROOT, env=dict(environment), check=True, capture_output=True
    ).stdout
    settings = {name.replace("_", "-"): value for name, value in json.loads(said).items()}
    settings["keep-alive"] = settings.pop("keepalive")
    switches = [f"--{name}" for name, value in settings.items() if value is True]
    values = [f"--{name}={value}" for name, value in settings.items() if not isinstance(value, bool)]
    return [*values, *switches, "--no-control-socket"]
