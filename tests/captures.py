"""Requests recorded byte for byte from real clients: tests/fixtures/captures/README.md says what they are."""

from __future__ import annotations

import gzip
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "captures"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
PACKED = "requests.tar.xz"  # of a recording that would be large: its requests in one archive
BODY, HEADERS = ".body", ".headers.json"
TRACES, LOGS = "traces", "logs"
SENT = ("content-type", "content-encoding", "user-agent")
INFLATE = {"": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it was sent."""

    body: bytes
    headers: dict[str, str]

    @property
    def plain(self) -> bytes:
        """The body without its compression."""
        return INFLATE[self.headers.get("content-encoding", "")](self.body)

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """The body in pieces, as chunked senders write it."""
        return (self.body[start : start + size] for start in range(0, len(self.body), size))


def requests(name: str, signal: str = TRACES) -> list[Recorded]:
    """The requests of one client with its traces, or with its logs, in order."""
    return [request for kind, request in sent(name) if kind == signal]


@cache
def sent(name: str) -> tuple[tuple[str, Recorded], ...]:
    """What one client sent, in order: whether traces or logs, and the request."""
    contents = files(name)
    bodies = sorted(file for file in contents if file.endswith(BODY))
    return tuple(
        (file.split(".")[1], recorded(contents[file], contents[file.removesuffix(BODY) + HEADERS]))
        for file in bodies
    )


def files(name: str) -> dict[str, bytes]:
    """The files of one client's requests, with their contents."""
    folder = FOLDER / name
    if not (folder / PACKED).exists():
        return {path.name: path.read_bytes() for path in folder.iterdir()}
    with tarfile.open(folder / PACKED) as archive:
        members = [(member.name, archive.extractfile(member)) for member in archive]
        return {file: member.read() for file, member in members if member}


def recorded(body: bytes, request: bytes) -> Recorded:
    """One request from its two files."""
    headers = {key.lower(): value for key, value in json.loads(request)["headers"]}
    return Recorded(body, {key: headers[key] for key in SENT if key in headers})


def manifest(name: str) -> dict[str, Any]:
    """What the client did, and the counts."""
    return dict(json.loads((FOLDER / name / "manifest.json").read_text()))


def labels(name: str) -> list[dict[str, Any]]:
    """One row a trace: its injected failure, or None."""
    rows: list[dict[str, Any]] = json.loads((FOLDER / name / "labels.json").read_text())
    return rows
