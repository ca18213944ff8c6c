"""A window as documents hold it."""

from __future__ import annotations

import pytest

from telemetry.windows import Window, rfc3339


@pytest.mark.parametrize(
    "window", [Window(0, 60_000_000_000), Window(1_764_000_000_123_456_000, 2**62 // 1000 * 1000)]
)
def test_a_window_that_a_document_holds_is_read_back(window: Window) -> None:
    stored = {
        "start": rfc3339(window.start_unix_nano),
        "end": rfc3339(window.end_unix_nano),
        "since_minutes": 1,
    }

    assert Window.from_document(stored) == window


def test_a_document_without_times_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        Window.from_document({"start": "yesterday", "end": "today"})
