"""
Liveness and readiness checks for orchestrators.

Liveness accesses no disk and no database, so that a slow disk does not cause restarts. Readiness checks what every
request needs.
https://kubernetes.io/docs/concepts/workloads/pods/probes/
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.errors import Unavailable
from tenants.api.project_view import PublicView
from tenants.api.serializers import ErrorSerializer
from tenants.installation import findings, schema
from tenants.stores import project_file

READY = "ok"


class NotReady(Exception):
    """A readiness check failed; the text is the reason."""


class HealthSerializer(serializers.Serializer[dict[str, object]]):
    """The process answers."""

    ok = serializers.BooleanField()
    status = serializers.CharField()
    version = serializers.CharField()


class ChecksSerializer(serializers.Serializer[dict[str, str]]):
    """`ok` each."""

    control_database = serializers.CharField()
    migrations = serializers.CharField()
    data_dir = serializers.CharField()
    template = serializers.CharField()


class ReadinessSerializer(serializers.Serializer[dict[str, object]]):
    """The instance can serve."""

    ok = serializers.BooleanField()
    checks = ChecksSerializer()
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What an operator must look at, such as a restored backup; `manage.py check_data` says more.",
    )


class HealthView(PublicView):
    """Liveness."""

    @extend_schema(operation_id="health", summary="Liveness", responses={200: HealthSerializer})
    def get(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return Response({"ok": True, "status": "live", "version": settings.LOOPKIT_VERSION})


class ReadyView(PublicView):
    """Readiness."""

    @extend_schema(
        operation_id="ready", summary="Readiness", responses={200: ReadinessSerializer, 503: ErrorSerializer}
    )
    def get(self, request: Request) -> Response:
        """200 when every check passes; 503 with the first reason and its remedy."""
        for name, (check, remedy) in CHECKS.items():
            try:
                check()
            except (NotReady, schema.NewerSchema, DatabaseError, OSError) as reason:
                raise Unavailable("not_ready", f"{name}: {reason}", remedy) from reason
        warnings = [f"{found.name}: {found.message} {found.remedy}" for found in findings.recent_findings()]
        return Response({"ok": True, "checks": dict.fromkeys(CHECKS, READY), "warnings": warnings})


def control_database() -> None:
    """Check that the control database answers a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    """Check that every app's newest migration is applied, and none of a newer LoopKit."""
    applied = schema.applied_migrations()
    if missing := newest_migrations().difference(applied):
        raise NotReady(f"not applied: {', '.join(sorted('.'.join(key) for key in missing))}")
    schema.check_schema(applied)


@lru_cache(maxsize=1)
def newest_migrations() -> frozenset[tuple[str, str]]:
    """Each app's newest migration in this code, cached because it does not change while the process runs."""
    return frozenset((app, name) for app, name in MigrationLoader(None).graph.leaf_nodes())


def data_dir() -> None:
    """Check that the data dir exists, is writable and has free space, by writing a byte."""
    with tempfile.TemporaryFile(dir=settings.LOOPKIT_DATA_DIR) as file:
        file.write(b"\0")


def check_template() -> None:
    """Check that the template of project files exists or can be created."""
    project_file.template_file()


CHECKS: dict[str, tuple[Callable[[], None], str]] = {
    "control_database": (control_database, "Check LOOPKIT_DATABASE_URL and that its server runs."),
    "migrations": (migrations, "Run `manage.py prepare`."),
    "data_dir": (data_dir, "Make LOOPKIT_DATA_DIR a writable directory with free space."),
    "template": (check_template, "Make LOOPKIT_DATA_DIR/projects writable and run `manage.py prepare`."),
}
