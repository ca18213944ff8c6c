"""
Disks that can be filled, made read-only or cut off, for one project's file or for all of them.

They are mounted, which takes root; without it these tests are skipped and say so.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN: https://man7.org/linux/man-pages/man2/ioctl_xfs_goingdown.2.html
WITHOUT_FLUSH = struct.pack("I", 2)  # what was not synced is gone, as when the power fails


class Disk:
    """A mounted disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filling = path / "filling"

    def fill(self) -> None:
        """Not a byte is left."""
        with suppress(OSError), self.filling.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        """What filled it is gone."""
        self.filling.unlink()

    def make_read_only(self) -> None:
        """Even for root, and for files that are open."""
        run("mount", "-o", "remount,ro", str(self.path))

    def make_writable(self) -> None:
        """As before."""
        run("mount", "-o", "remount,rw", str(self.path))

    def take(self, file: Path) -> None:
        """Move a project's file here and leave a link in its place, as an operator would."""
        for part in file.parent.glob(f"{file.name}*"):
            shutil.move(part, self.path / part.name)
        file.symlink_to(self.path / file.name)

    def lose_power(self) -> None:
        """Nothing more is written or read, and what the kernel had not synced never was."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, WITHOUT_FLUSH)
        finally:
            os.close(folder)


@contextmanager
def small_disk(path: Path, mebibytes: int) -> Iterator[Disk]:
    """A disk in memory of that size."""
    path.mkdir(exist_ok=True)
    as_root("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", str(path))
    try:
        yield Disk(path)
    finally:
        run("umount", "--lazy", str(path))


@contextmanager
def journalled_disk(path: Path, image: Path) -> Iterator[Disk]:
    """An ext4 disk on that image, which is made when it is not there. What is on it stays for the next mount."""
    path.mkdir(exist_ok=True)
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(512 * 1024 * 1024)
        run("mkfs.ext4", "-q", str(image))
    as_root("mount", "-o", "loop", str(image), str(path))
    try:
        yield Disk(path)
    finally:
        unmount(path)


def unmount(path: Path) -> None:
    """Take the disk away, once the kernel has let go of the processes that were killed."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return run("umount", str(path))
        except subprocess.CalledProcessError as error:
            if time.monotonic() > deadline:
                raise OSError(error.stderr.decode()) from error
            time.sleep(0.1)


def as_root(*command: str) -> None:
    """A command that takes root; without it, skip the test and say so."""
    try:
        run(*command)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"{error}; run as root")


def run(*command: str) -> None:
    """A command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)
