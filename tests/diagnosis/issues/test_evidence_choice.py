"""Five records stand for a cluster: first, latest, and those that differ most."""

from __future__ import annotations

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.evidence_choice import MOST, choose
from diagnosis.issues.extents import extent_of_cluster
from diagnosis.window.failing_records import Identity
from telemetry.spans.failing_record import FailingRecord
from tests.diagnosis.failing_records import failing


def chosen(records: list[FailingRecord], people: dict[bytes, Identity]) -> list[FailingRecord]:
    """The records that stand for a cluster of these."""
    known = {record.key: record for record in records}
    return [known[its.key] for its in choose(extent_of_cluster(Cluster(7, records), people).candidates())]


def test_first_and_latest_are_always_there() -> None:
    records = [failing("a", trace=f"t{n:03}", at=n) for n in range(50)]

    found = chosen(records, {})

    assert (found[0], found[-1], len(found)) == (records[0], records[-1], MOST)


def test_the_records_that_differ_are_preferred() -> None:
    same = [failing("a", trace=f"t{n:03}", at=n) for n in range(20)]
    odd = failing("a", trace="odd", at=7, message="order of nobody not found", release="2.0.0")
    people = {record.trace_id: Identity("chat", "user") for record in [*same, odd]}

    found = chosen([*same[:7], odd, *same[7:]], people)

    assert odd in found


def test_a_single_record_is_its_own_evidence() -> None:
    assert chosen([failing("a")], {}) == [failing("a")]


def test_a_huge_cluster_costs_no_more() -> None:
    records = [failing("a", trace=f"t{n:06}", at=n) for n in range(50_000)]

    assert len(chosen(records, {})) == MOST
