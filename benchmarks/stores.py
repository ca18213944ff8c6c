"""What lies on the disk after a run: records counted in the files themselves, and bytes a span."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tests.server import Server


class NotStored(Exception):
    """Spans were acknowledged that are not in the store, or are in it twice."""


def check_tallies(server: Server, agent_keys: Iterable[str], sent: int) -> None:
    """The product's own account of every span: all stored, nothing refused, no duplicate. NotStored."""
    tallies = [server.call("GET", "/v1/dashboard", key).json()["tallies"] for key in agent_keys]
    stored = sum(tally.get("stored", 0) for tally in tallies)
    others = [tally for tally in tallies if set(tally) - {"stored"}]
    if stored != sent or others:
        raise NotStored(f"acknowledged {sent} spans, tallies say {stored} and {others}")


def check_rows(files: Iterable[Path], table: str, sent: int) -> None:
    """Every acknowledged span is a row, once. NotStored. The server has ended, so the log is written back too."""
    counts = []
    for file in files:
        with closing(sqlite3.connect(file)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            counts.append(store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
    if sum(counts) != sent:
        raise NotStored(f"acknowledged {sent} spans, {table} has {sum(counts)}")


def project_files(server: Server) -> list[Path]:
    """The telemetry files of all projects."""
    return sorted((server.data_dir / "projects").glob("[!.]*.sqlite3"))


def bytes_of_spans(server: Server) -> int:
    """All that lies in the projects' folder, but for what an empty project takes."""
    folder = server.data_dir / "projects"
    empty = max((file.stat().st_size for file in folder.glob(".*.sqlite3")), default=0)
    written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.name[0] != ".")
    return written - empty * len(project_files(server))
