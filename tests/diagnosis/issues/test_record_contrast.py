"""What differs between a failing and a healthy record, in few and short values, and without the failure itself."""

from __future__ import annotations

from typing import Any

from diagnosis.issues.contrast.record_contrast import LONGEST, MOST, contrast


def record(name: str, **fields: Any) -> dict[str, Any]:
    """A record as answers show it, as far as it is compared."""
    return {"record_id": f"rec_{name}", "operation": "price cart", "outcome": "ok"} | fields


def names(shown: dict[str, Any]) -> list[str]:
    return [difference["name"] for difference in shown["differences"]]


def test_the_failure_itself_is_no_difference() -> None:
    failing = record(
        "a",
        outcome="failure",
        message="no rate",
        status="error",
        duration_ms=3.5,
        attributes={"error.type": "NoRate", "http.response.status_code": 500, "currency": "JPY"},
        events=[{"name": "exception", "attributes": {"exception.type": "NoRate"}}],
    )
    healthy = record("b", attributes={"http.response.status_code": 200, "currency": "EUR"}, duration_ms=2.0)

    shown = contrast(failing, healthy, [])

    assert (shown["failing_id"], shown["healthy_id"], shown["left_out"]) == ("rec_a", "rec_b", 0)
    assert shown["differences"] == [{"name": "attributes.currency", "failing": "JPY", "healthy": "EUR"}]


def test_what_hints_name_comes_first_and_then_the_deployment() -> None:
    failing = record("a", release="2", attributes={"order": "A-1", "zone": "eu", "tier": "pro"})
    healthy = record("b", release="1", attributes={"order": "B-7", "zone": "us", "tier": "free"})

    assert names(contrast(failing, healthy, ["tier"])) == [
        "attributes.tier",
        "release",
        "attributes.order",
        "attributes.zone",
    ]


def test_what_does_not_fit_is_counted() -> None:
    failing = record("a", attributes={f"n{n:02}": n for n in range(MOST + 3)})

    shown = contrast(failing, record("b"), [])

    assert (len(shown["differences"]), shown["left_out"]) == (MOST, 3)


def test_long_values_are_cut_and_one_that_is_lacking_is_null() -> None:
    shown = contrast(record("a", attributes={"note": "x" * 500}), record("b"), [])

    [difference] = shown["differences"]
    assert difference["healthy"] is None
    assert len(difference["failing"]) == LONGEST
    assert difference["failing"].endswith("…")
