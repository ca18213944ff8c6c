"""Which facts of records can be hints."""

from __future__ import annotations

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.extents import extent_of_cluster
from diagnosis.issues.hints.facts import CONTENT, FactReader
from tests.diagnosis.failing_records import failing


def test_what_the_failure_itself_wrote_is_no_fact() -> None:
    facts = FactReader().facts_of(
        {"error.type": "Lost", "llm.finish_reason": "stop", "app.result": "no", "zone": "eu", "n": 7}
    )

    assert facts == {"zone": "eu", "n": "7"}


def test_of_contents_only_that_they_are_set_is_a_fact() -> None:
    facts = FactReader().facts_of({"prompt": "x" * 101, "tags": ["a"], "share": 0.5, "nothing": None})

    assert set(facts) == {"prompt", "tags", "share", "nothing"}
    assert set(facts.values()) == {CONTENT}


def test_a_sample_of_failures_reaches_over_all_of_them() -> None:
    records = [failing(f"s{at}", at=at) for at in range(100)]

    sample = extent_of_cluster(Cluster(7, records), {}).spread(10)

    assert sample == [record.key for record in records[::10]]
