"""Hints say what failing records share that healthy ones do not, and are silent where there is nothing to say."""

from __future__ import annotations

import math

from diagnosis.issues.hints import FailedAndHealthy, Hint, ValueCounts, strongest_hints


def rows(n: int, **facts: str) -> list[dict[str, str]]:
    """So many records that say this."""
    return [facts] * n


def judged(failed: list[dict[str, str]], healthy: list[dict[str, str]]) -> list[Hint]:
    share = len(failed) / (len(failed) + len(healthy))
    return strongest_hints(FailedAndHealthy(ValueCounts(failed), ValueCounts(healthy), share))


def test_a_release_that_fails_more_often_is_named() -> None:
    [hint] = judged(rows(30, v="1.1") + rows(1, v="1.0"), rows(70, v="1.1") + rows(99, v="1.0"))

    assert (hint.values, hint.support, hint.records) == ((("v", "1.1"),), 30, 100)
    assert math.isclose(hint.lift, 30 / 100 / (31 / 200))


def test_equal_rates_give_no_hint() -> None:
    assert judged(rows(10, v="1") + rows(11, v="2"), rows(90, v="1") + rows(89, v="2")) == []


def test_two_failures_are_no_support() -> None:
    assert judged(rows(2, v="2"), rows(100, v="1")) == []


def test_what_all_records_share_is_no_hint() -> None:
    assert judged(rows(30, zone="eu"), rows(70, zone="eu")) == []


def test_what_is_not_set_can_be_the_hint() -> None:
    hints = judged(rows(25), rows(100, agent="support") + rows(25))

    assert hints[0].values == (("agent", None),)


def test_identifiers_are_no_hint() -> None:
    failed = [{"request": f"r{n}"} for n in range(40)]
    healthy = [{"request": f"h{n}"} for n in range(40)]

    assert judged(failed, healthy) == []


def test_two_values_that_fail_only_together_are_one_hint() -> None:
    failed = rows(40, v="2", tier="pro") + rows(2, v="1", tier="free")
    healthy = rows(100, v="2", tier="free") + rows(100, v="1", tier="pro") + rows(100, v="1", tier="free")

    assert set(judged(failed, healthy)[0].values) == {("v", "2"), ("tier", "pro")}


def test_two_values_that_tell_nothing_alone_are_a_hint_where_they_tell_much_together() -> None:
    failed = rows(8, a="x", b="p") + rows(3, a="x", b="q") + rows(3, a="y", b="p") + rows(5, a="y", b="q")
    healthy = rows(3, a="x", b="p") + rows(90, a="x", b="q") + rows(90, a="y", b="p") + rows(98, a="y", b="q")

    [hint] = judged(failed, healthy)

    assert (hint.values, hint.support, hint.records) == ((("a", "x"), ("b", "p")), 8, 11)


def test_a_second_value_that_adds_nothing_makes_no_pair() -> None:
    failed = rows(20, v="2", tier="pro") + rows(20, v="2", tier="free")
    healthy = rows(50, v="1", tier="pro") + rows(50, v="1", tier="free")

    assert judged(failed, healthy)[0].values == (("v", "2"),)


def test_a_sample_of_the_healthy_does_not_change_the_lift() -> None:
    failed = ValueCounts(rows(30, v="1.1") + rows(1, v="1.0"))
    all_healthy = ValueCounts(rows(70, v="1.1") + rows(99, v="1.0"))
    some_healthy = ValueCounts(rows(35, v="1.1") + rows(50, v="1.0"))

    [exact], [sampled] = (
        strongest_hints(FailedAndHealthy(failed, all_healthy, 0.155)),
        strongest_hints(FailedAndHealthy(failed, some_healthy, 0.155)),
    )

    assert math.isclose(exact.lift, sampled.lift, rel_tol=0.02)


def test_the_g_test_agrees_with_a_table_worked_by_hand() -> None:
    # G = 2 * (30 ln 1.5 + 70 ln 0.875 + 10 ln 0.5 + 90 ln 1.125) = 12.97; chi-square, one degree of freedom: 3.16e-4
    [hint] = judged(rows(30, v="2") + rows(10, v="1"), rows(70, v="2") + rows(90, v="1"))

    assert math.isclose(hint.p, 3.16e-4, rel_tol=0.01)
