"""
Bugsink 1.7.4 to 2.4.0, a Django application that also stores what strangers send.

https://github.com/bugsink/bugsink/blob/main/CHANGELOG.md, https://github.com/bugsink/bugsink/security/advisories
"""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from diagnosis.handoff import tracker_links
from diagnosis.models import Loop, Tracker
from tenants.keys.provisioning import MintedProject
from tenants.stores import project_file
from tests.diagnosis.console_requests import bulk
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, home, member
from tests.telemetry.factory import minutes, request, span, store

pytestmark = pytest.mark.django_db
SCRIPT = "<img src=x onerror=alert(1)><script>alert(1)</script>"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "compress"])
def test_no_brotli_body_is_decompressed(
    alice: MintedProject, call: Callable[..., Any], encoding: str
) -> None:
    """2.0.5 and 2.0.6: small brotli bodies that unpacked to huge ones."""
    headers = {"Content-Encoding": encoding}

    answer = call("POST", "/v1/traces", alice.keys["producer"], b"\x8b\xff\xff", **headers)

    assert answer.status_code in (400, 415)


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    """2.0.5 and 2.0.6, for the encodings that are read: decompression stops at the limit."""
    body = gzip.compress(b" " * (settings.LOOPKIT_MAX_BODY_BYTES + 1), 9)
    headers = {"Content-Encoding": "gzip"}

    answer = call("POST", "/v1/traces", alice.keys["producer"], body, **headers)

    assert (len(body) < 100_000, answer.status_code) == (True, 413)


def test_a_stack_of_strangers_is_text_on_every_page(alice: MintedProject) -> None:
    """2.0.13: a crafted stack was stored and ran as JavaScript for whoever looked at it."""
    now = timezone.now()
    event = {
        "name": "exception", "timeUnixNano": "1",
        "attributes": [
            {"key": f"exception.{name}", "value": {"stringValue": SCRIPT}} for name in ("type", "message", "stacktrace")
        ],
    }  # fmt: skip
    failing = span(SCRIPT, at=now - minutes(5), error=SCRIPT, attributes={"code.function": SCRIPT}) | {
        "events": [event]
    }
    store(alice.project, [failing], now)
    browser = Client()
    browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
    browser.post("/dashboard/diagnose")
    loop = Loop.objects.get()
    record = loop.issue["evidence_ids"][0]

    pages = [
        browser.get(path)
        for path in (
            "/dashboard", f"/dashboard/issues/{loop.cluster_id}", f"/dashboard/records/{record}",
            f"/dashboard/records/{record}/trace",
        )
    ]  # fmt: skip

    assert [page.status_code for page in pages] == [200] * 4
    assert [Reader(page).forbidden for page in pages] == [[]] * 4
    assert "x" not in [link for page in pages for link in Reader(page).links]


@pytest.mark.parametrize(
    "name", ["../../../tmp/evil", "/etc/passwd", "..\\evil", "a/../../b", "%2e%2e%2fevil", "a\0b"]
)
def test_no_name_of_a_client_becomes_a_path(call: Callable[..., Any], name: str) -> None:
    """1.7.4, GHSA-q78p-g86f-jg6q, and 2.1.1: ids and checksums of clients were parts of paths."""
    answer = call("POST", "/v1/provision", data={"project_name": name})
    key = answer.json().get("producer_key", "")
    hostile = span("work", at=timezone.now(), error="x") | {"traceId": name, "spanId": name}
    call("POST", "/v1/traces", key, request(hostile))
    call("POST", "/v1/traces", key, request(span("work", at=timezone.now())))

    folder = Path(settings.LOOPKIT_DATA_DIR)
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert answer.status_code in (201, 400)
    assert [path for path in names if not re.fullmatch(r"(projects|secrets)/[.a-z0-9-]+(\.sqlite3)?(-wal|-shm)?", path)
            and "/" in path] == []  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com@evil.example/a/b", "https://github.com\\@evil.example/a/b", "https://github.com#@evil.example/a/b",
        "https://github.com:80:80/a/b", "https://gith\tub.com/a/b", "https://github.com%2f@evil.example/a/b",
        "//evil.example/a/b",
        "javascript:alert(1)//a/b", "https://github.com/a/b?x=//evil.example", "https://[::1]/a/b", "https://ⓖithub.com/a/b",
    ],
)  # fmt: skip
def test_a_tracker_url_that_parsers_read_differently_is_refused(url: str) -> None:
    """2.1.3, GHSA-fp53-qcf8-2xx2: the check and the client of a webhook read different hosts out of one URL."""
    with pytest.raises(tracker_links.NotATracker):
        tracker_links.checked_tracker_url(Tracker.Kind.GITHUB, url)


def test_a_bulk_action_takes_nothing_of_another_tenant(alice: MintedProject, charlie: MintedProject) -> None:
    """2.2.0, GHSA-g5vc-q7qc-v939 and GHSA-vx2f-6m6h-9frf: ids of another project worked in bulk actions and lookups."""
    mine, another = home(alice.project, "acme"), home(charlie.project, "globex")
    loop = make_loop(another)
    staff = member("olga", mine.tenant)

    answer = bulk(staff, "reject", loop)

    loop.refresh_from_db()
    assert (loop.state, loop.events.count()) == ("proposed", 1)
    assert loop.title.encode() not in answer.content


def test_an_id_that_a_client_chose_means_a_record_of_its_own_project(
    alice: MintedProject, charlie: MintedProject, call: Callable[..., Any]
) -> None:
    """2.2.0, GHSA-5389-f7vh-wxj8: debug ids that clients choose were looked up in all projects."""
    now = timezone.now()
    for minted, words in ((alice, "alices own words"), (charlie, "charlies own words")):
        store(minted.project, [span("work", trace="same", id="same", at=now - minutes(5), error=words)], now)

    found = [call("GET", "/v1/telemetry", minted.keys["agent"]).json() for minted in (alice, charlie)]

    assert len({page["records"][0]["record_id"] for page in found}) == 1
    assert ["charlies" in orjson.dumps(page).decode() for page in found] == [False, True]


def test_a_span_of_many_attributes_writes_no_more_rows(alice: MintedProject, charlie: MintedProject) -> None:
    """2.2.2, GHSA-5x67-j5xg-c5gj: each tag of an event was a row, and a thousand of them held the write transaction."""
    now = timezone.now()
    for minted, count in ((alice, 1), (charlie, 5000)):
        attributes = {f"tag.{number}": "x" for number in range(count)}
        store(minted.project, [span("work", at=now - minutes(5), error="x", attributes=attributes)], now)

    assert row_count(charlie) - row_count(alice) in (0, 1)  # one tally says that attributes were cut


def row_count(minted: MintedProject) -> int:
    """The number of rows in the project's file."""
    with sqlite3.connect(project_file.path_of(minted.project.project_id)) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables)
