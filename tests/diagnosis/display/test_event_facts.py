"""What happened to a loop is read as sentences, not as JSON."""

from __future__ import annotations

from diagnosis.display.event_facts import event_facts

REJECTED = {
    "verb": "reject", "reason": "A test account.", "decided_by": "olga", "decided_at": "2026-07-12T14:03:05Z",
    "content_hash": "0f", "times": 3,
}  # fmt: skip


def test_an_earlier_decision_and_a_window_are_one_sentence_each() -> None:
    window = {"start": "2026-07-12T13:03:05Z", "end": "2026-07-12T14:03:05Z"}
    detail = {"was": {"failures": 2807, "failures_per_day": 12.04, "window": window}, "rejected": REJECTED}

    assert event_facts(detail) == [
        ("was.failures", "2,807"),
        ("was.failures per day", "12"),
        ("was.window", "12 Jul 2026, 13:03 UTC to 12 Jul 2026, 14:03 UTC"),
        (
            "rejected",
            "reject by olga, until it grows 3 times, 12 Jul 2026, 14:03 UTC, because: A test account.",
        ),
    ]


def test_what_is_unknown_is_left_out_and_hidden_characters_are_shown() -> None:
    assert event_facts({"note": "it\u202eworks", "release": "", "decision": None}) == [
        ("note", "it⟨U+202E⟩works")
    ]


def test_counts_by_environment_are_a_fraction_each() -> None:
    rows = [{"environment": "live", "before": {"failures": 1200, "exposure": 3400}, "after": None}]

    facts = event_facts({"environments": rows, "side_effects": ["clu_1", "clu_2"]})

    assert facts == [
        ("environments[0].environment", "live"),
        ("environments[0].before", "1,200 of 3,400"),
        ("side effects", "clu_1, clu_2"),
    ]
