"""The scorers that come with the data: called, never copied. They know nothing of LoopKit."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def score(data: Path, scorer: str, *arguments: str | Path) -> dict[str, Any]:
    """What the scorer prints."""
    found = run(data, scorer, *arguments)
    answer: dict[str, Any] = json.loads(found)
    return answer


def run(data: Path, script: str, *arguments: str | Path) -> str:
    """The output of a script of the data folder."""
    command = [sys.executable, str(data / script), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a file, compressed or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from (json.loads(line) for line in file if line.strip())


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """JSON lines for a scorer."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
