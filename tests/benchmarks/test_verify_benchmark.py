"""The verification benchmark sends what its cases say, and the product judges it as the judge does."""

from __future__ import annotations

import pytest

from benchmarks import polling, verify_counts, verify_pipeline
from benchmarks.verify_windows import spans

QUARTERS = [{"seconds": 900, "n": 50, "errors": errors, "latency_s": {}} for errors in (10, 12, 9, 9)]
BEFORE = {"seconds": 3600, "n": 200, "errors": 40, "buckets": QUARTERS}


def case(errors: int) -> dict[str, object]:
    """A fix after which so many of 200 records failed."""
    return {
        "id": f"case {errors}",
        "kind": "rate",
        "baseline": BEFORE,
        "current": {"seconds": 3600, "n": 200, "errors": errors},
    }


def test_a_window_has_its_counts_bucket_by_bucket():
    found = spans(BEFORE, latency=False)

    assert len(found) == 200
    assert [sum(failed for start, failed, _ in found if start // (900 * 10**9) == n) for n in range(4)] == [
        10,
        12,
        9,
        9,
    ]
    assert found == sorted(found)


def test_durations_have_the_quantiles_that_are_known():
    quantiles = {"p50": 0.05, "p90": 0.2, "p95": 0.3, "p99": 0.4}

    found = sorted(
        ms for *_, ms in spans({"seconds": 300, "n": 1000, "errors": 0, "latency_s": quantiles}, latency=True)
    )

    assert [found[n] for n in (499, 899, 949, 989)] == pytest.approx([50, 200, 300, 400], rel=0.01)


@pytest.mark.parametrize(("errors", "verdict"), [(0, "held"), (15, "improved"), (90, "regressed")])
def test_the_product_and_the_judge_agree(db, errors, verdict):
    through_the_product, by_counts = (
        verify_pipeline.verdict(case(errors)),
        verify_counts.verdict(case(errors)),
    )

    assert through_the_product == by_counts == verdict


def test_an_agent_that_polls_is_told_little_that_is_false():
    told = polling.simulate(20)

    assert told["ever_held"] <= 0.05
    assert told["ever_back"] <= 0.1 < 0.8 <= told["found_back"]
