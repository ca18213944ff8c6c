"""
The demo's project, provisioned over HTTP. `<data dir>/demo.json` keeps its keys and the time of its replay.

The time stays the same for a project, so a second run sends identical spans, and nothing is stored twice.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from loopkit.demo.client import RequestRefused, post

NAME = "demo"


@dataclass(frozen=True, slots=True)
class DemoProject:
    """The project of a run, as a later run needs it."""

    project_name: str
    project_id: str
    producer_key: str
    agent_key: str
    feedback_key: str
    recovery_code: str
    moment_unix_nano: int  # when the newest replayed span ends

    @property
    def age_minutes(self) -> int:
        """Whole minutes since the newest replayed span ended."""
        return max(0, time.time_ns() - self.moment_unix_nano) // 60_000_000_000


def open_project(url: str, file: Path, fresh: bool) -> tuple[DemoProject, bool]:
    """Return the project of the last run, or a new one, and whether it is new. Raises Refused or OSError."""
    last = None if fresh else load_demo_project(file)
    name = spare_name() if fresh else NAME if last is None else last.project_name
    answer = provision(url, name, last.agent_key if last else "")
    if last and answer["resumed"]:
        return last, False
    project = DemoProject(
        moment_unix_nano=time.time_ns(),
        **{field.name: answer[field.name] for field in fields(DemoProject) if field.name in answer},
    )
    save(file, project)
    return project, True


def provision(url: str, name: str, key: str) -> dict[str, Any]:
    """Provision a project of this name, or of a spare name if a project with other keys has it. Return the response."""
    try:
        return post(f"{url}/v1/provision", key, {"project_name": name}).json()
    except RequestRefused as refusal:
        if refusal.status not in {401, 403}:
            raise
        return post(f"{url}/v1/provision", data={"project_name": spare_name()}).json()


def spare_name() -> str:
    """A random name, which no other project is expected to have."""
    return f"{NAME}-{secrets.token_hex(3)}"


def load_demo_project(file: Path) -> DemoProject | None:
    """The project that the last run saved, or None if there is no valid file."""
    try:
        return DemoProject(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save(file: Path, project: DemoProject) -> None:
    """Save the project for the next run: atomically, in a file that only its owner may read."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as draft_file:
        json.dump(asdict(project), draft_file, indent=2)
    draft.replace(file)
