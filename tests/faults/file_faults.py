"""
What can happen to one project's file, each as a block: it is broken inside, and mended when the block ends.

Mending is what docs/operations.md tells an operator to do, while the server runs.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from tests.faults.disks import as_root, run

PARTS = ("", "-wal", "-shm")
PAGE = 4096
Place = tuple[str, float, int]  # part of the file, where in it (0 to 1), how many pages
FileFault = Callable[[Path], AbstractContextManager[None]]
LOCK_SECONDS = 60


class FaultNotCaused(Exception):
    """The test could not cause its fault, so it says nothing about the server."""


def part(path: Path, suffix: str) -> Path:
    """The file, or one of the two that SQLite keeps beside it."""
    return path.with_name(path.name + suffix)


def backup(path: Path, suffix: str = "backup") -> Path:
    """A sound copy, made while the server runs: https://www.sqlite.org/backup.html"""
    copy = path.with_name(f"{path.name}.{suffix}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def put_aside(path: Path) -> None:
    """Take the file away with all its parts."""
    shutil.rmtree(aside(path, "").parent, ignore_errors=True)
    aside(path, "").parent.mkdir()
    for suffix in PARTS:
        if os.path.lexists(part(path, suffix)):
            part(path, suffix).rename(aside(path, suffix))


def put_back(path: Path) -> None:
    """Undo that."""
    for suffix in reversed(PARTS):
        if aside(path, suffix).exists():
            aside(path, suffix).rename(part(path, suffix))


def aside(path: Path, suffix: str) -> Path:
    """Where a part is put meanwhile."""
    return path.parent / f"{path.name}.aside" / part(path, suffix).name


def restore(copy: Path, path: Path) -> None:
    """Put a sound copy in the place of a broken file: the broken one goes first, with all its parts."""
    put_aside(path)
    copy.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock: a shell that somebody left open."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        take_lock(other)
        yield
        other.execute("ROLLBACK")


def take_lock(other: sqlite3.Connection) -> None:
    """
    Begin a transaction that locks the file, in as many attempts as it takes. FaultNotCaused if none succeeds.

    SQLite's own waiting sleeps up to 100 ms between two attempts; busy writers take the lock in every such pause.
    https://www.sqlite.org/c3ref/busy_timeout.html
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            other.execute("BEGIN EXCLUSIVE")
            return
        except sqlite3.OperationalError as error:
            if time.monotonic() > deadline:
                raise FaultNotCaused(f"no lock of the file in {LOCK_SECONDS} s: {error}") from error
        time.sleep(0.0005)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """
    No one may write to it, not even root: https://man7.org/linux/man-pages/man1/chattr.1.html

    The -shm is left: SQLite maps it into memory, and the kernel ends a process that writes into a mapping it may not.
    """
    parts = [str(part(path, suffix)) for suffix in ("", "-wal") if part(path, suffix).exists()]
    as_root("chattr", "+i", *parts)
    try:
        yield
    finally:
        run("chattr", "-i", *parts)


def overwritten(*places: Place) -> FileFault:
    """Bytes of the file are garbage, while it is open."""

    @contextmanager
    def fault(path: Path) -> Iterator[None]:
        copy = backup(path)
        for suffix, where, pages in places:
            overwrite(part(path, suffix), where, pages)
        yield
        restore(copy, path)

    return fault


def damaged_copy(*places: Place) -> FileFault:
    """The same, found so when it is opened."""

    @contextmanager
    def fault(path: Path) -> Iterator[None]:
        copy, broken = backup(path), backup(path, "broken")
        for suffix, where, pages in places:
            overwrite(part(broken, suffix), where, pages)
        restore(broken, path)
        yield
        restore(copy, path)

    return fault


def overwrite(path: Path, where: float, pages: int) -> None:
    """Garbage over pages of the file, in place."""
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * where) // PAGE * PAGE)
        file.write(os.urandom(pages * PAGE))


@contextmanager
def not_a_database(path: Path) -> Iterator[None]:
    """Another kind of file was put in its place."""
    copy = backup(path)
    put_aside(path)
    path.write_text("this is no database\n" * 1000)
    yield
    restore(copy, path)


def schema(change: int) -> FileFault:
    """The schema of another LoopKit."""

    @contextmanager
    def fault(path: Path) -> Iterator[None]:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as file:
            [version] = file.execute("PRAGMA user_version").fetchone()
            write_schema(file, version + change)
            yield
            write_schema(file, version)

    return fault


def write_schema(file: sqlite3.Connection, version: int) -> None:
    """Write the number of the schema, whoever else writes."""
    take_lock(file)
    file.execute(f"PRAGMA user_version = {version}")
    file.execute("COMMIT")


@contextmanager
def taken_away(path: Path) -> Iterator[None]:
    """Moved elsewhere while it is open, and put back."""
    put_aside(path)
    yield
    put_back(path)


@contextmanager
def a_folder(path: Path) -> Iterator[None]:
    """A folder has its name."""
    copy = backup(path)
    put_aside(path)
    path.mkdir()
    yield
    restore(copy, path)


@contextmanager
def a_dead_link(path: Path) -> Iterator[None]:
    """It lies on a disk that is not mounted."""
    elsewhere = path.with_name("unmounted")
    shutil.rmtree(elsewhere, ignore_errors=True)
    put_aside(path)
    path.symlink_to(elsewhere / path.name)
    yield
    path.unlink()
    put_back(path)
