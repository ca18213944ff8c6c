"""A verification in sentences, from what verify really writes."""

from __future__ import annotations

import re

from diagnosis.console import verification_facts
from diagnosis.models import Loop, Verification
from diagnosis.verification.verify import verify
from tests.diagnosis.shipped_loop import SHIPPED, Send, after


def read(loop: Loop) -> verification_facts.ShownVerification:
    """The newest one."""
    return verification_facts.show_verifications(loop.verifications.all(), loop)[0]


def test_a_held_fix_says_its_numbers(held: Loop) -> None:
    found = read(held)
    facts = dict(found.facts)

    assert (
        facts["Before the fix"]
        == "20 failures in 50 records (40%), 4 May 2026, 11:55 UTC to 4 May 2026, 14:00 UTC"
    )
    assert (
        facts["Since the fix"]
        == "0 failures in 60 records (0%), 4 May 2026, 14:00 UTC to 4 May 2026, 15:00 UTC"
    )
    assert facts["Expected without a change"] == "24 failures since the fix"
    assert facts["Rate after by rate before"].startswith("0, between 0 and 0.")
    assert facts["Interim analysis"] == "number 1"
    assert ("Sessions", "50", "60") in found.trajectory
    assert found.trajectory[1][2].startswith("100% (")


def test_a_failure_that_is_back_is_compared_with_when_its_fix_held(held: Loop, send: Send) -> None:
    send(after(1), failing=30, ok=20)
    verify(held, after(2))

    found = read(held)
    facts = dict(found.facts)

    assert found.verification.verdict == "regressed"
    # The sentence says what it counts: sessions, of the records since the fix held.
    assert re.match(
        r"30 failures in 50 records since the fix held\. In a stretch of \d+ of these records, \d+ sessions had the "
        r"failure for the first time, (where the verdict allows about|against) ",
        facts["Why"],
    )
    assert facts["When it held"].startswith("0 failures in 60 records (0%)")
    assert facts["Since it held"].startswith("30 failures in 50 records (60%)")
    assert not {"Before the fix", "Since the fix", "Expected without a change"} & set(facts)
    assert found.environments == []
    assert (found.sides.before, found.sides.since) == ("When it held", "Since it held")
    assert (
        verification_facts.show_verifications(held.verifications.all(), held)[1].sides.before
        == "Before the fix"
    )


def test_where_nothing_ran_nothing_is_expected_or_compared(loop: Loop) -> None:
    verify(loop, after(1))

    facts = dict(read(loop).facts)

    assert facts["Why"].startswith("Nothing ran in the window after the fix")
    assert not {"Expected without a change", "Rate after by rate before"} & set(facts)


def test_a_fix_of_which_too_little_is_known_says_what_is_needed(loop: Loop, send: Send) -> None:
    send(SHIPPED, ok=2)
    verify(loop, after(1))

    facts = dict(read(loop).facts)
    place_order = '<q class="lk-value"><code>place order</code></q>'
    assert f"more records of {place_order} without a failure" in facts["Still needed"]


def test_a_regression_names_its_records(loop: Loop, send: Send) -> None:
    send(SHIPPED, failing=40, ok=10)
    verify(loop, after(1))

    assert len(read(loop).evidence_ids) == 5


def test_what_rose_meanwhile_leads_to_its_loop_where_it_has_one(loop: Loop) -> None:
    moved = {"cluster_id": loop.cluster_id, "failures_before": 1, "failures_after": 9}
    document = {"moved_to": [moved, moved | {"cluster_id": "clu_unknown"}]}
    made = Verification(loop=loop, verdict="improved", document=document, created_at=SHIPPED)

    [found] = verification_facts.show_verifications([made], loop)

    assert [(one.before, one.after, one.loop_id) for one in found.moved_to] == [(1, 9, loop.pk), (1, 9, "")]


def test_a_document_of_few_words_is_no_error(loop: Loop) -> None:
    made = Verification(loop=loop, verdict="held", document={"before": {"failures": 4}}, created_at=SHIPPED)

    [found] = verification_facts.show_verifications([made], loop)

    assert found.facts == [("Before the fix", "4 failures with what they caused")]


def test_a_side_says_what_it_counts() -> None:
    side = {"failures": 4, "exposure": 20}

    assert verification_facts.count_sentence(side | {"counted": "failures"}) == "4 failures in 20 records"
    assert (
        verification_facts.count_sentence(side | {"counted": "sampled traces"})
        == "4 failures in 20 sampled traces"
    )
    assert verification_facts.count_sentence(side) == "4 failures with what they caused in 20 records"
