"""Which facts of records can be hints."""

from __future__ import annotations

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.extents import extent_of_cluster
from diagnosis.issues.hint_samples import comparable_values
from tests.diagnosis.failing_records import failing


def test_what_the_failure_itself_wrote_is_no_fact() -> None:
    facts = comparable_values(
        {"error.type": "Lost", "llm.finish_reason": "stop", "app.result": "no", "zone": "eu", "n": 7}
    )

    assert facts == {"zone": "eu", "n": "7"}


def test_contents_are_no_fact() -> None:
    assert comparable_values({"prompt": "x" * 101, "tags": ["a"]}) == {}


def test_a_sample_of_failures_reaches_over_all_of_them() -> None:
    records = [failing(f"s{at}", at=at) for at in range(100)]

    sample = extent_of_cluster(Cluster(7, records), {}).spread(10)

    assert sample == [record.key for record in records[::10]]
