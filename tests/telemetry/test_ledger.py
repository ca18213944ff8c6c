"""The drop ledger: what was not stored, or not as it was sent, is counted, explained, shown to all who read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from telemetry import ledger
from telemetry.models import Tally
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tenants.stores.project_file import path_of
from tests.diagnosis.dashboard_client import browser_of
from tests.staff_clients import home, member, operator
from tests.telemetry.factory import minutes, request, span, store

NOW = timezone.now().replace(minute=30, second=0, microsecond=0)
DAY = Window.ending(NOW, 1440)


@pytest.fixture
def note(alice: MintedProject) -> Callable[..., None]:
    """`note(reason, count, at)` in alice's ledger."""

    def write(reason: str, count: int, at: datetime = NOW) -> None:
        with bind(alice.project):
            ledger.note_refused(reason, count, at)

    return write


@pytest.fixture
def read(alice: MintedProject, call: Any) -> Callable[..., Any]:
    """`read("?since_minutes=60")`: alice's ledger as her agent reads it."""

    def ask(query: str = "") -> Any:
        return call("GET", f"/v1/ledger{query}", alice.keys["agent"]).json()

    return ask


def counts(entries: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Of the window and ever, by reason."""
    return {entry["reason"]: (entry["count"], entry["total"]) for entry in entries}


def test_counts_of_one_reason_and_hour_add_up(note: Callable[..., None], alice: MintedProject) -> None:
    note("redacted_value", 2)
    note("redacted_value", 3, NOW + minutes(20))

    with bind(alice.project):
        assert [entry.count for entry in ledger.ledger_entries(DAY)] == [5]
        assert Tally.objects.count() == 1


def test_the_agent_reads_counts_of_the_window_and_of_all_time(
    note: Callable[..., None], read: Callable[..., Any]
) -> None:
    now = timezone.now()
    note("redacted_value", 2, now)
    note("redacted_value", 3, now - timedelta(days=3))
    note("trimmed_value", 1, now - timedelta(days=3))

    answer = read()

    assert counts(answer["entries"]) == {"redacted_value": (2, 5), "trimmed_value": (0, 1)}
    assert answer["window"]["since_minutes"] == 1440
    assert [row["counts"] for row in answer["hours"]] == [{"redacted_value": 2}]


def test_hours_of_arrival_come_newest_first(note: Callable[..., None], read: Callable[..., Any]) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    note("redacted_value", 1, hour - timedelta(hours=2))
    note("trimmed_item", 4, hour)

    rows = read("?since_minutes=600")["hours"]

    assert [datetime.fromisoformat(row["hour"]) for row in rows] == [hour, hour - timedelta(hours=2)]
    assert [row["counts"] for row in rows] == [{"trimmed_item": 4}, {"redacted_value": 1}]


def test_an_hour_that_lies_partly_in_the_window_counts(
    note: Callable[..., None], alice: MintedProject
) -> None:
    note("redacted_value", 1, NOW - minutes(29))

    with bind(alice.project):
        [entry] = ledger.ledger_entries(Window.ending(NOW, 1))

    assert entry.count == 1


def test_each_fate_of_a_span_is_in_the_ledger(alice: MintedProject, read: Callable[..., Any]) -> None:
    now = timezone.now()
    good, bad = span(at=now), span("bad", at=now) | {"spanId": "00" * 8}

    store(alice.project, [good, bad], timezone.now())
    store(alice.project, [good], timezone.now())

    assert counts(read()["entries"]) == {"duplicate": (1, 1), "invalid span_id": (1, 1), "stored": (1, 1)}


def test_every_reason_says_what_it_means_and_what_mends_it(
    note: Callable[..., None], read: Callable[..., Any]
) -> None:
    for reason in [*ledger.REASONS, "a reason of tomorrow"]:
        note(reason, 1, timezone.now())

    entries = read()["entries"]

    assert {entry["reason"] for entry in entries} == {*ledger.REASONS, "a reason of tomorrow"}
    assert all(entry["meaning"].endswith(".") for entry in entries)
    assert [entry["reason"] for entry in entries if not entry["remedy"]] == ["stored"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff", {}, 400),
        (b"x", {"Content-Encoding": "br"}, 415),
        (b"x", {"Content-Encoding": "gzip"}, 400),
    ],
)
def test_a_request_that_is_refused_whole_is_counted(
    send: Callable[..., Any], read: Callable[..., Any], body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = send(body, **headers)

    assert answer.status_code == status
    assert counts(read()["entries"]) == {"invalid_request": (1, 1)}


def test_a_request_of_another_media_type_is_counted(
    call: Any, alice: MintedProject, read: Callable[..., Any]
) -> None:
    answer = call("POST", "/v1/traces", alice.keys["producer"], b"x", **{"Content-Type": "text/plain"})

    assert answer.status_code == 415
    assert counts(read()["entries"]) == {"invalid_request": (1, 1)}


def test_a_body_that_is_too_large_is_counted(
    send: Callable[..., Any], read: Callable[..., Any], settings: Any
) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 10

    assert send(b"x" * 11).status_code == 413
    assert counts(read()["entries"]) == {"invalid_request": (1, 1)}


def test_a_request_without_a_valid_key_is_in_nobodys_ledger(call: Any, read: Callable[..., Any]) -> None:
    assert call("POST", "/v1/traces", "lk_ingest_wrong", b"\xff").status_code == 401
    assert read()["entries"] == []


def test_a_ledger_that_cannot_be_written_does_not_hide_the_answer(
    send: Callable[..., Any], alice: MintedProject, caplog: pytest.LogCaptureFixture
) -> None:
    assert send(request(span(at=NOW))).status_code == 202
    with sqlite3.connect(path_of(alice.project.project_id)) as file:
        file.execute("DROP TABLE telemetry_tally")

    answer = send(b"\xff\xff")

    assert answer.status_code == 400
    assert "could not count 1 of invalid_request in the ledger" in caplog.text


def test_an_unknown_parameter_is_refused_with_the_nearest_right_one(read: Callable[..., Any]) -> None:
    error = read("?since=60")["error"]

    assert error["code"] == "unknown_parameter"
    assert "since_minutes" in error["hint"]


def test_a_producer_key_cannot_read_the_ledger(call: Any, alice: MintedProject) -> None:
    assert call("GET", "/v1/ledger", alice.keys["producer"]).status_code == 403


def test_the_dashboard_shows_the_ledger_in_words(
    note: Callable[..., None], alice: MintedProject, charlie: MintedProject
) -> None:
    note("redacted_value", 7, timezone.now())

    page = browser_of(alice).get("/dashboard").content.decode()
    strangers = browser_of(charlie).get("/dashboard").content.decode()

    assert "7 values" in page
    assert ledger.REASONS["redacted_value"].remedy in page
    assert "redacted_value" not in strangers


def test_an_operator_reads_the_ledger_beside_the_project(
    note: Callable[..., None], alice: MintedProject
) -> None:
    note("redacted_value", 7, timezone.now())
    boss = operator()
    path = f"/admin/projects/{alice.project.pk}/ledger/"

    project_page = boss.get(f"/admin/tenants/project/{alice.project.pk}/change/").content.decode()
    page = boss.get(path).content.decode()

    assert f'href="{path}"' in project_page
    assert "<td>7</td>" in page
    assert ledger.REASONS["redacted_value"].remedy in page


def test_the_admins_ledger_is_for_the_staff_of_its_tenant(
    alice: MintedProject, charlie: MintedProject, client: Any
) -> None:
    tenants = [home(minted.project, name).tenant for minted, name in ((alice, "acme"), (charlie, "globex"))]
    path = f"/admin/projects/{alice.project.pk}/ledger/"

    own, strange = member("anna", tenants[0]), member("cleo", tenants[1])
    powerless = member("paul", tenants[0], permissions=[])

    assert [browser.get(path).status_code for browser in (own, strange, powerless)] == [200, 404, 403]
    assert client.get(path)["Location"].startswith("/admin/login/")


def test_the_admins_ledger_of_a_damaged_store_says_so(
    alice: MintedProject, note: Callable[..., None]
) -> None:
    note("redacted_value", 1)
    with sqlite3.connect(path_of(alice.project.project_id)) as file:
        file.execute("DROP TABLE telemetry_tally")

    page = operator().get(f"/admin/projects/{alice.project.pk}/ledger/")

    assert page.status_code == 200
    assert "store is not available" in page.content.decode()
