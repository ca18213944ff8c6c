"""The counts of a verification by environment: their order, their bound, and sides that an earlier version counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from diagnosis.models import Loop
from diagnosis.statistics.overdispersion import Clustering, Observed
from diagnosis.statistics.rates import Counts
from diagnosis.verification import by_environment
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after


def side(environments: dict[str, Counts] | None) -> ComparedWindow:
    """One side with these parts."""
    observed = Observed(Counts(0, 0), (), Clustering())
    return ComparedWindow(Window(0, 1), observed, environments=environments)


def names(document: dict[str, Any]) -> list[str | None]:
    """The environments that are named, in their order."""
    return [row["environment"] for row in document["environments"]]


def test_the_largest_come_first_and_the_rest_is_counted() -> None:
    many = {f"e{n:02}": Counts(n, 100) for n in range(20)}

    shown = by_environment.shown(side(many), side({"": Counts(50, 60)}), [])

    assert names(shown) == [None, *(f"e{n}" for n in range(19, 12, -1))]
    assert shown["environments"][0] == {
        "environment": None, "is_production": None,
        "before": {"failures": 0, "exposure": 0}, "after": {"failures": 50, "exposure": 60},
    }  # fmt: skip
    assert shown["further_environments"] == {
        "number": 13,
        "before": {"failures": sum(range(13)), "exposure": 1300}, "after": {"failures": 0, "exposure": 0},
    }  # fmt: skip


def test_small_production_is_named_before_larger_environments() -> None:
    many = {f"e{n:02}": Counts(n + 1, 100) for n in range(20)}

    shown = by_environment.shown(side(many), side({"live": Counts(0, 3)}), ["live", "elsewhere"])

    assert names(shown)[:2] == ["live", "e19"]
    assert [row["is_production"] for row in shown["environments"]] == [True, *[False] * 7]


def test_words_name_what_is_left_out_and_only_counts_of_named_environments() -> None:
    many = {f"e{n:02}": Counts(n, 1000) for n in range(20)}
    shown = by_environment.shown(side(many), side(many), ["e00"])
    unnamed = by_environment.shown(side({"": Counts(1, 2)}), side({"": Counts(1, 2)}), [])

    words = by_environment.named_counts(shown)

    assert words[0] == ("e00", "not named", "0 of 1,000 before, 0 of 1,000 since, production")
    assert words[-1][:2] == ("", "12 more")
    assert by_environment.named_counts(unnamed) == []


def test_a_baseline_of_an_earlier_version_has_no_counts_before(loop: Loop, send: Send) -> None:
    send(SHIPPED, ok=60)
    first = verify(loop, after(1)).document
    loop.refresh_from_db()
    assert first["environments"][0]["before"] == {"failures": 20, "exposure": 50}
    del loop.baseline["environments"]
    loop.save()
    send(after(1), ok=5)

    again = verify(loop, after(2)).document

    [row] = again["environments"]
    assert (row["before"], row["after"]["failures"]) == (None, 0)
    assert by_environment.named_counts(again | {"environments": [row | {"environment": "live"}]}) == [
        ("live", "not named", f"0 of {row['after']['exposure']:,} since")
    ]


def test_late_records_of_the_window_before_leave_parts_and_counts_alike(loop: Loop, send: Send) -> None:
    send(SHIPPED, failing=1, ok=9)
    verify(loop, after(0.1))
    loop.refresh_from_db()
    send(T0 + timedelta(minutes=5), failing=4, ok=6)

    found = verify(loop, after(1)).document

    [row] = found["environments"]
    assert row["before"] == {name: found["before"][name] for name in ("failures", "exposure")}


def test_what_rules_over_windows_found_has_no_counts_by_environment(loop: Loop, send: Send) -> None:
    loop.signal_type = "repeated_call"
    send(SHIPPED, ok=9)

    found = verify(loop, after(1)).document

    assert (found["environments"], found["further_environments"]) == (None, None)


def test_stored_parts_are_read_as_they_were_written() -> None:
    parts = {"": Counts(1, 2), "live": Counts(0, 3)}

    written = side(parts).as_document()

    assert ComparedWindow.from_document(written).environments == parts
    assert ComparedWindow.from_document(side(None).as_document()).environments is None
