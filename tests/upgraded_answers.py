"""
What a data dir answers once it is upgraded: `python -m tests.upgraded_answers` runs `manage.py prepare`, reads requests
as JSON, and writes their answers and what `manage.py verify_audit` says as JSON.

A process of its own, since a test's settings, its control database above all, are those of its own data dir.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

import django
from django.core.management import call_command
from django.db import connections
from django.test import Client


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the application."""

    method: str
    path: str
    key: str
    host: str
    data: dict[str, Any] | None = None


def answer(request: Asked) -> dict[str, Any]:
    """Status and JSON of one answer."""
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {request.key}"})
    body = b"" if request.data is None else json.dumps(request.data).encode()
    response = client.generic(
        request.method, request.path, body, content_type="application/json", HTTP_HOST=request.host
    )
    return {"status": response.status_code, "json": response.json()}


def as_json(asked: list[Asked]) -> str:
    """The requests as this module reads them."""
    return json.dumps([asdict(request) for request in asked])


def said_by(command: str) -> str:
    """What the management command prints. SystemExit where it fails."""
    said = io.StringIO()
    call_command(command, stdout=said)
    return said.getvalue()


def damaged_columns() -> list[str]:
    """The first damaged column of each database that has one; rows of earlier versions are none."""
    from tenants.models import Project
    from tenants.stores.binding import bind, bound_alias
    from tenants.stores.soundness import damaged_column

    found = [damaged_column(connections["default"])]
    for project in Project.objects.all():
        with bind(project):
            found.append(damaged_column(connections[bound_alias()]))
    return [column for column in found if column]


def main() -> None:
    """Upgrade, answer, verify."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    django.setup()
    said_by("prepare")
    answers = [answer(Asked(**fields)) for fields in json.load(sys.stdin)]
    damaged = damaged_columns()
    json.dump({"answers": answers, "audit": said_by("verify_audit"), "damaged": damaged}, sys.stdout)


if __name__ == "__main__":
    main()
