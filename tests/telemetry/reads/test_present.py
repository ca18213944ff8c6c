"""A clock that is some minutes ahead hides nothing from a window that ends now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from telemetry.reads.present import window_until_now
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [0.1, 1, 5])
def test_a_window_that_ends_now_holds_what_is_a_little_ahead(alice: MintedProject, ahead: float) -> None:
    store(alice.project, [span(id=1, at=NOW + minutes(ahead)), span(id=2, at=NOW - minutes(59))], NOW)

    with bind(alice.project):
        window = window_until_now(NOW, 60)

    assert window.start_unix_nano == Window.ending(NOW, 60).start_unix_nano
    assert window.end_unix_nano > Window.ending(NOW + minutes(ahead), 60).end_unix_nano
    assert window.since_minutes == 60
    assert window.before == Window.ending(NOW - minutes(60), 60)


@pytest.mark.parametrize("ahead", [-1, 20])
def test_a_window_that_ends_now_ends_now_otherwise(alice: MintedProject, ahead: float) -> None:
    store(alice.project, [span(id=1, at=NOW + minutes(ahead))], NOW)

    with bind(alice.project):
        assert window_until_now(NOW, 60) == Window.ending(NOW, 60)
