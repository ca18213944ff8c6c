"""The releases of each service: from their first record to their last, in whatever order the records come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.db import connections

from telemetry.models import Release
from telemetry.windows import MINUTE_NANO, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import span, store

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EARLY, LATE = NOW - timedelta(days=40), NOW + timedelta(minutes=3)


def sent(alice: MintedProject, service: str, release: str, *starts: Any) -> None:
    """One request with a record of the release at each of these times."""
    named = {"service.version": release} if release else {}
    spans = [span(trace=f"{service}{release}{at}", at=at) for at in starts]
    store(alice.project, spans, NOW, {"service.name": service} | named)


def releases(alice: MintedProject) -> dict[tuple[str, str], tuple[int, int]]:
    """What is stored of each release."""
    with bind(alice.project):
        rows = Release.objects.values_list("service", "release", "first_unix_nano", "last_minute")
        return {(service, release): (first, last) for service, release, first, last in rows}


def seen(first: Any, last: Any) -> tuple[int, int]:
    """The row of a release with these first and last records."""
    return unix_nano(first), unix_nano(last) // MINUTE_NANO


def test_a_release_is_known_from_its_first_record_to_its_last(alice):
    sent(alice, "shop", "2.0", NOW)
    sent(alice, "shop", "1.0", NOW, EARLY)
    sent(alice, "shop", "2.0", LATE)
    sent(alice, "stock", "2.0", LATE)
    sent(alice, "shop", "", NOW)

    assert releases(alice) == {
        ("shop", "1.0"): seen(EARLY, NOW),
        ("shop", "2.0"): seen(NOW, LATE),
        ("stock", "2.0"): seen(LATE, LATE),
        ("shop", ""): seen(NOW, NOW),
    }


def test_a_clock_that_was_never_set_does_not_make_a_release_old(alice):
    sent(alice, "shop", "2.0", NOW, NOW.replace(year=1970))

    assert releases(alice) == {("shop", "2.0"): seen(NOW, NOW)}


def test_a_record_that_is_sent_again_changes_nothing(alice):
    sent(alice, "shop", "1.0", EARLY)
    sent(alice, "shop", "1.0", EARLY)

    assert releases(alice) == {("shop", "1.0"): seen(EARLY, EARLY)}


def test_an_older_file_is_given_the_releases_of_its_records(alice):
    sent(alice, "shop", "1.0", EARLY, NOW, NOW.replace(year=1970))
    sent(alice, "stock", "", LATE)
    written = releases(alice)
    with bind(alice.project):
        Release.objects.all().delete()
        cursor = connections[bound_alias()].cursor()
        editor = SimpleNamespace(execute=lambda sql, _: cursor.execute(sql))

        import_module("telemetry.migrations.0005_releases").read_releases(None, editor)

    assert releases(alice) == written
