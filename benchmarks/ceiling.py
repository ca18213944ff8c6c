"""
The ceiling: the smallest Django view on the same gunicorn that parses the same bodies with the official messages
and writes them with one executemany into one SQLite table with one unique index, committed and synced.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

FILE = Path(os.environ["CEILING_DIR"]) / "ceiling.sqlite3"
local = threading.local()


def connection() -> sqlite3.Connection:
    """This thread's connection."""
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(FILE, isolation_level=None, timeout=30)
        local.connection.execute("PRAGMA journal_mode=WAL")
        local.connection.execute("PRAGMA synchronous=FULL")
        local.connection.execute("PRAGMA wal_autocheckpoint=10000")
        local.connection.execute(
            "CREATE TABLE IF NOT EXISTS span (trace_id BLOB, span_id BLOB, start INTEGER, message BLOB,"
            " UNIQUE (trace_id, span_id))"
        )
    held: sqlite3.Connection = local.connection
    return held


def traces(request: HttpRequest) -> HttpResponse:
    """Parse, write, answer."""
    message = ExportTraceServiceRequest.FromString(request.read())
    rows = [
        (span.trace_id, span.span_id, span.start_time_unix_nano, span.SerializeToString())
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    store = connection()
    store.execute("BEGIN IMMEDIATE")
    store.executemany("INSERT OR IGNORE INTO span VALUES (?, ?, ?, ?)", rows)
    store.execute("COMMIT")
    return HttpResponse(b"", content_type="application/x-protobuf")


def health(request: HttpRequest) -> HttpResponse:
    """For whoever waits for the start."""
    return HttpResponse("ok")


urlpatterns = [path("v1/traces", traces), path("health", health)]

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="ceiling", MIDDLEWARE=[])
    django.setup()
application = get_wsgi_application()
