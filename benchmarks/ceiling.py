"""
The ceiling: the smallest Django view on the same gunicorn that parses the same bodies with the official messages
and writes them with one executemany into one SQLite table with one unique index, committed and synced.

A project is a file of its own, as it is in LoopKit. The keys are names here, and nobody checks them.
"""

from __future__ import annotations

import fcntl
import gc
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

FOLDER = Path(os.environ["CEILING_DIR"])
local = threading.local()


def connection(project: str) -> sqlite3.Connection:
    """This thread's connection to the project's file."""
    held: dict[str, sqlite3.Connection] = local.__dict__.setdefault("held", {})
    if project not in held:
        with (FOLDER / "opening.lock").open(
            "w"
        ) as lock:  # two that turn one new file to WAL get in each other's way
            fcntl.flock(lock, fcntl.LOCK_EX)
            held[project] = opened(FOLDER / f"{project}.sqlite3")
    return held[project]


def opened(file: Path) -> sqlite3.Connection:
    """A connection with LoopKit's own settings, to a file that has the table."""
    store = sqlite3.connect(file, isolation_level=None, timeout=30)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("PRAGMA wal_autocheckpoint=10000")
    store.execute("PRAGMA cache_size=-8000")
    store.execute(
        "CREATE TABLE IF NOT EXISTS span (trace_id BLOB, span_id BLOB, start INTEGER, message BLOB,"
        " UNIQUE (trace_id, span_id))"
    )
    return store


def traces(request: HttpRequest) -> HttpResponse:
    """Parse, write, answer."""
    message = ExportTraceServiceRequest.FromString(request.read())
    rows = [
        (span.trace_id, span.span_id, span.start_time_unix_nano, span.SerializeToString())
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    store = connection(request.headers["Authorization"].removeprefix("Bearer "))
    store.execute("BEGIN IMMEDIATE")
    store.executemany("INSERT OR IGNORE INTO span VALUES (?, ?, ?, ?)", rows)
    store.execute("COMMIT")
    return HttpResponse(b"", content_type="application/x-protobuf", headers={"Content-Length": "0"})


def health(request: HttpRequest) -> HttpResponse:
    """For whoever waits for the start."""
    return HttpResponse("ok")


urlpatterns = [path("v1/traces", traces), path("health", health)]

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="ceiling", MIDDLEWARE=[])
    django.setup()
application = get_wsgi_application()
gc.collect()  # and as LoopKit's own server does
gc.freeze()
gc.set_threshold(20_000, 20, 50)
