"""LoopKit as an operator runs it, `manage.py serve`, with what a fault needs: kill it, stop it, start it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import ROOT
from tests.server import Server, free_port, server_of, wait_until_ready

UNLIMITED = {"LOOPKIT_SANDBOX_SPANS": str(10**9)}
STOP_SECONDS = 40


class Instance:
    """One data dir and one port; processes come and go. All of them are one group, which nobody else is in."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.server: Server = server_of(data_dir, free_port(), **UNLIMITED | variables)
        self.log = data_dir / "server.log"
        self.start()

    def start(self) -> None:
        """Serve, and return once it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.server.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_ready(self.server.port)

    def kill(self) -> None:
        """What a power switch does to processes: all at once, none asked."""
        alive = self.processes()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        while any(map(is_running, alive)):
            time.sleep(0.01)

    def terminate(self) -> None:
        """What `docker stop` and systemd do: a request to end, and time for it."""
        self.process.terminate()
        self.process.wait(timeout=STOP_SECONDS)

    def processes(self) -> list[int]:
        """The arbiter and its workers: https://man7.org/linux/man-pages/man5/proc_pid_task_tid_children.5.html"""
        return [self.process.pid, *self.workers()]

    def workers(self) -> list[int]:
        """The workers' process ids."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def peak_mib(self) -> float:
        """The most memory that all processes had, each at its own peak; shared pages count in each."""
        return sum(peak_kib(pid) for pid in self.processes()) / 1024

    def project_file(self, project_id: str) -> Path:
        """Where the project's records lie."""
        return self.server.data_dir / "projects" / f"{project_id}.sqlite3"

    def log_since(self, size: int) -> str:
        """What was logged after the log had that many bytes."""
        return self.log.read_bytes()[size:].decode(errors="replace")


def is_running(pid: int) -> bool:
    """Whether a process is alive; a killed one that nobody has read is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def peak_kib(pid: int) -> int:
    """VmHWM: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html"""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def resident_mib(pids: list[int]) -> float:
    """Memory of the processes now; shared pages count in each."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1024**2


@contextmanager
def serving(data_dir: Path, **variables: str) -> Iterator[Instance]:
    """An instance for the block."""
    instance = Instance(data_dir, **variables)
    try:
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.kill()
