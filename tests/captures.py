"""Requests recorded byte for byte from real clients: tests/fixtures/captures/README.md says what they are."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "captures"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
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


def requests(name: str) -> list[Recorded]:
    """The requests of one client, in order."""
    return [recorded(path) for path in sorted((FOLDER / name).glob("*.traces.body"))]


def recorded(path: Path) -> Recorded:
    """One request from its two files."""
    headers = {key.lower(): value for key, value in read(path.with_suffix(".headers.json"))["headers"]}
    return Recorded(path.read_bytes(), {key: headers[key] for key in SENT if key in headers})


def manifest(name: str) -> dict[str, Any]:
    """What the client did, and the counts."""
    return read(FOLDER / name / "manifest.json")


def labels(name: str) -> list[dict[str, Any]]:
    """One row a trace: its injected failure, or None."""
    rows: list[dict[str, Any]] = json.loads((FOLDER / name / "labels.json").read_text())
    return rows


def read(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    return dict(json.loads(path.read_text()))
