"""
A stamp of the bound store: as long as it stays the same, every read of the store returns what it returned before.

Spans that are stored raise the tallies and the segment number. Everything else that writes to the file, a retention, a
switch of fingerprints or an operator with a shell, changes the length or the time of the file or of its write-ahead
log: https://www.sqlite.org/wal.html
"""

from __future__ import annotations

from pathlib import Path

from django.db.models import Max, Sum

from telemetry.models import Segment, Tally
from tenants.stores.binding import bound_project
from tenants.stores.project_file import path_of


def read_stamp() -> str:
    """The stamp, to be read before what it is to stand for. A stamp that is too old only causes a new read."""
    path = path_of(bound_project().project_id)
    files = [file_stamp(path), file_stamp(path.with_name(f"{path.name}-wal"))]
    newest = Segment.objects.aggregate(newest=Max("segment_id"))["newest"]
    counted = Tally.objects.aggregate(total=Sum("count"))["total"]
    return f"{newest} {counted} {files}"


def file_stamp(path: Path) -> tuple[int, int, int]:
    """The inode, length and time of a file; zeros if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns
