"""
Gunicorn as a child process or in place of a command: port check, start, readiness, end.

How signals end it: https://docs.gunicorn.org/en/stable/signals.html
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
STOP_SECONDS = 25  # more than gunicorn's graceful_timeout
OWN_END_SECONDS = 3  # to end by itself after Ctrl-C, which a terminal sends to the server as well
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortNotFree(Exception):
    """The server cannot listen on its port; the text contains the remedy."""


class ServerEnded(Exception):
    """This process received a signal to end; the argument is the signal."""


class NotServing(Exception):
    """The server ended by itself or did not become ready."""


def host() -> str:
    """The host name or address by which this machine reaches the server."""
    bind: str = settings.LOOPKIT_BIND
    return "127.0.0.1" if bind == "0.0.0.0" else bind  # noqa: S104  (compared, not bound)


def url() -> str:
    """The server's origin on this machine."""
    return f"http://{host()}:{settings.PORT}"


def check_port() -> None:
    """Raise PortNotFree if the server cannot listen on its port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind((settings.LOOPKIT_BIND, settings.PORT))
        except OSError as error:
            raise PortNotFree(port_remedy(error)) from error


def port_remedy(error: OSError) -> str:
    """A message that says why the port is not available, and the remedy."""
    port = settings.PORT
    if error.errno != errno.EADDRINUSE:
        return (
            f"Cannot listen on {settings.LOOPKIT_BIND}:{port}: {error.strerror}. Check LOOPKIT_BIND and PORT."
        )
    owner = "another LoopKit" if get_status("/health") == 200 else "another program"
    return f"Port {port} is taken by {owner}. Stop that one, or choose another port: PORT={port + 1}."


def get_status(path: str) -> int | None:
    """The status of the response to a GET request, or None if there is none."""
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
    The environment of this process, with a limit on the number of heaps unless it sets one.

    By default, glibc gives each thread its own heap, which keeps the memory of a large request.
    https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
    """
    return {"MALLOC_ARENA_MAX": "2"} | os.environ


def become_server() -> None:
    """Replace this process with the server. Does not return."""
    os.chdir(settings.BASE_DIR)
    os.execve(COMMAND[0], COMMAND, environment())  # noqa: S606  (no shell is needed)


@contextmanager
def running() -> Iterator[subprocess.Popen[bytes]]:
    """
    Run a server, ready inside the block. When the block ends, it finishes its requests and ends. It logs only warnings.

    Raises NotServing if the server does not become ready, ServerEnded on a signal to end.
    """
    command = [*COMMAND, "--log-level", "warning"]
    process = subprocess.Popen(  # noqa: S603  (a constant command)
        command, cwd=settings.BASE_DIR, env=environment()
    )
    try:
        for number in ENDINGS:
            signal.signal(number, end_serving)
        wait_until_ready(process)
        yield process
    except ServerEnded as error:
        if error.args[0] == signal.SIGINT:
            let_end(process)
        raise
    finally:
        stop(process)


def wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Wait until /readyz returns 200. Raises NotServing if the server ends first or is not ready in time."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotServing(
                f"The server ended at once, with code {process.returncode}; its last lines are above."
            )
        if get_status("/readyz") == 200:
            return
        time.sleep(0.1)
    raise NotServing(f"The server was not ready after {READY_SECONDS} s; {url()}/readyz says why.")


def end_serving(number: int, frame: FrameType | None) -> NoReturn:
    """
    Signal handler: raise ServerEnded, which leaves the block of `running`.

    Further signals are ignored, so that the server is always stopped.
    """
    for ignored_number in ENDINGS:
        signal.signal(ignored_number, signal.SIG_IGN)
    raise ServerEnded(signal.Signals(number))


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server gracefully, or by force after STOP_SECONDS."""
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def let_end(process: subprocess.Popen[bytes]) -> None:
    """Wait OWN_END_SECONDS for the server to end by itself, because a second signal would end it abruptly."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=OWN_END_SECONDS)
