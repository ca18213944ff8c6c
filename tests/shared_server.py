"""
What all workers of a run have in common: one prepared data dir and one server, each made by who asks first.

The locks end with their process, however that ends: https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from tests.server import Server, manage, running, server_of


def prepared(folder: Path) -> tuple[Path, str]:
    """A data dir as `manage.py prepare` leaves it, to be copied, and what the command said."""
    data_dir = folder / "prepared"
    with (folder / "prepare.txt").open("a+") as said:
        if not locked(said, fcntl.LOCK_EX):
            said.write(manage(os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)}, "prepare"))
        said.seek(0)
        return data_dir, said.read()


@contextmanager
def shared_server(folder: Path, prepared_dir: Path) -> Iterator[Server]:
    """The server of the run. Who started it ends it, once nobody else uses it."""
    data_dir = folder / "server"
    with ExitStack() as own:
        port, users = (
            own.enter_context((folder / f"server.{name}").open("a+")) for name in ("port", "users")
        )
        known = locked(port, fcntl.LOCK_EX)
        if not known:
            shutil.copytree(prepared_dir, data_dir, dirs_exist_ok=True)
            port.write(str(own.enter_context(running(data_dir)).port))
            port.flush()
            own.callback(port.truncate, 0)
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(port, fcntl.LOCK_UN)  # only now, or who started it could end it in between
        yield server_of(data_dir, int(known or read(port)))
        if not known:
            fcntl.flock(port, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_EX)


def password_in(said: str) -> str:
    """The admin's password, as `manage.py prepare` shows it once."""
    shown = re.search(r"Admin user made: admin, password (\S+) \(shown this once\)", said)
    assert shown, said
    return shown[1]


def locked(file: TextIO, lock: int) -> str:
    """What stands in the file once the lock is had: shared by its readers, or alone."""
    fcntl.flock(file, lock)
    return read(file)


def read(file: TextIO) -> str:
    """What stands in the file."""
    file.seek(0)
    return file.read()
