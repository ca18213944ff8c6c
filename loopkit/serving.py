"""
Gunicorn from a command of ours: the port looked at first, started, waited for, ended with the block.

Which signal ends it how: https://docs.gunicorn.org/en/stable/signals.html
"""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from django.conf import settings

COMMAND = [sys.executable, "-m", "gunicorn", "-c", "loopkit/server.py", "loopkit.wsgi"]
READY_SECONDS = 30
STOP_SECONDS = 25  # above gunicorn's graceful_timeout
OWN_END_SECONDS = 3  # after Ctrl-C, which a terminal sends to the server too
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortNotFree(Exception):
    """The server could not listen there; the text says what to do."""


class Ended(Exception):
    """A signal asked this process to end."""


class NotServing(Exception):
    """The server ended by itself, or never became ready."""


def host() -> str:
    """Where this machine reaches the server."""
    bind: str = settings.LOOPKIT_BIND
    return "127.0.0.1" if bind == "0.0.0.0" else bind  # noqa: S104  (compared, not bound)


def url() -> str:
    """The server's origin on this machine."""
    return f"http://{host()}:{settings.PORT}"


def check_port() -> None:
    """PortNotFree if the server could not listen on its port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind((settings.LOOPKIT_BIND, settings.PORT))
        except OSError as error:
            raise PortNotFree(remedy(error)) from error


def remedy(error: OSError) -> str:
    """What to do about a port that cannot be had."""
    port = settings.PORT
    if error.errno != errno.EADDRINUSE:
        return (
            f"Cannot listen on {settings.LOOPKIT_BIND}:{port}: {error.strerror}. Check LOOPKIT_BIND and PORT."
        )
    owner = "another LoopKit" if status_of("/health") == 200 else "another program"
    return f"Port {port} is taken by {owner}. Stop that one, or choose another port: PORT={port + 1}."


def status_of(path: str) -> int | None:
    """The status of one GET, or None without an answer."""
    connection = http.client.HTTPConnection(host(), settings.PORT, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def environment() -> dict[str, str]:
    """
    This process's variables, and few heaps: glibc gives each thread its own, which keeps what a large request took.
    https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
    """
    return {"MALLOC_ARENA_MAX": "2"} | os.environ


def become_server() -> None:
    """Turn this process into the server; does not return."""
    os.chdir(settings.BASE_DIR)
    os.execve(COMMAND[0], COMMAND, environment())  # noqa: S606  (no shell is wanted)


@contextmanager
def running() -> Iterator[subprocess.Popen[bytes]]:
    """A ready server inside the block; it finishes its requests and ends with it. Quiet but for warnings."""
    command = [*COMMAND, "--log-level", "warning"]
    process = subprocess.Popen(  # noqa: S603  (a constant command)
        command, cwd=settings.BASE_DIR, env=environment()
    )
    try:
        for ending in ENDINGS:
            signal.signal(ending, end)
        wait_until_ready(process)
        yield process
    except Ended as ended:
        if ended.args[0] == signal.SIGINT:
            let_end(process)
        raise
    finally:
        stop(process)


def wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Until /readyz says so. NotServing when the server ends first or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotServing(
                f"The server ended at once, with code {process.returncode}; its last lines are above."
            )
        if status_of("/readyz") == 200:
            return
        time.sleep(0.1)
    raise NotServing(f"The server was not ready after {READY_SECONDS} s; {url()}/readyz says why.")


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Leave the block. Further signals change nothing: the server must not be left behind."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise Ended(signal.Signals(number))


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: gracefully, or by force after STOP_SECONDS."""
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def let_end(process: subprocess.Popen[bytes]) -> None:
    """Give the server time to end by itself: a second signal would cut that short."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=OWN_END_SECONDS)
