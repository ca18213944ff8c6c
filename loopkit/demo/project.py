"""
The demo's project: provisioned over HTTP, its keys and its replay's moment kept in `<data dir>/demo.json`.

The moment stays with the project, so a second run sends the same spans and nothing is stored twice.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from loopkit.demo.client import Refused, post

NAME = "demo"


@dataclass(frozen=True, slots=True)
class DemoProject:
    """What a run needs of the one before."""

    project_name: str
    project_id: str
    producer_key: str
    agent_key: str
    feedback_key: str
    recovery_code: str
    moment_unix_nano: int  # when the newest replayed span ends

    @property
    def age_minutes(self) -> int:
        """Whole minutes since that moment."""
        return max(0, time.time_ns() - self.moment_unix_nano) // 60_000_000_000


def open_project(url: str, file: Path, fresh: bool) -> tuple[DemoProject, bool]:
    """The project of the last run, or a new one; and whether it is new."""
    known = None if fresh else load(file)
    name = spare_name() if fresh else NAME if known is None else known.project_name
    answer = provision(url, name, known.agent_key if known else "")
    if known and answer["resumed"]:
        return known, False
    project = DemoProject(
        moment_unix_nano=time.time_ns(),
        **{field.name: answer[field.name] for field in fields(DemoProject) if field.name in answer},
    )
    save(file, project)
    return project, True


def provision(url: str, name: str, key: str) -> dict[str, Any]:
    """The answer for that name; for another name where a project with other keys has it."""
    try:
        return post(f"{url}/v1/provision", key, {"project_name": name}).json()
    except Refused as refusal:
        if refusal.status not in {401, 403}:
            raise
        return post(f"{url}/v1/provision", data={"project_name": spare_name()}).json()


def spare_name() -> str:
    """A name that nobody has."""
    return f"{NAME}-{secrets.token_hex(3)}"


def load(file: Path) -> DemoProject | None:
    """What the last run kept, or None where nothing readable is."""
    try:
        return DemoProject(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save(file: Path, project: DemoProject) -> None:
    """Keep it for the next run, whole or not at all, readable by its owner only."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(asdict(project), opened, indent=2)
    draft.replace(file)
