"""Hints say what failing records share that healthy ones do not, and are silent where there is nothing to say."""

from __future__ import annotations

import math
import random
from itertools import product

from diagnosis.issues.hints.facts import FactReader
from diagnosis.issues.hints.hint import Hint, HintTable, Value
from diagnosis.issues.hints.judge import WindowTotals, judged_hints
from diagnosis.issues.hints.search import FailedAndOthers, ValueCounts, find_candidates

Rows = list[dict[str, str]]


class AllRows:
    """Records that were all read, as both sides of a comparison."""

    is_whole = True

    def __init__(self, failed: Rows, others: Rows) -> None:
        self.failed, self.others = failed, others
        self.sides = FailedAndOthers(ValueCounts(failed), ValueCounts(others))
        self.totals = WindowTotals(len(failed), len(failed) + len(others))

    def table(self, values: tuple[Value, ...]) -> HintTable:
        """Counted one by one."""
        failed, others = (
            sum(all(row.get(name) == text for name, text in values) for row in side)
            for side in (self.failed, self.others)
        )
        return HintTable(failed, others, len(self.failed), len(self.others))

    def repetition(self, values: tuple[Value, ...]) -> float:
        """Nothing was drawn."""
        return 1.0


def rows(n: int, **facts: str) -> Rows:
    """So many records that say this."""
    return [facts] * n


def judged(failed: Rows, others: Rows) -> list[Hint]:
    read = AllRows(failed, others)
    return judged_hints(read, find_candidates(read.sides))


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

    [hint, *_] = judged(failed, healthy)

    assert (set(hint.values), hint.support, hint.records) == ({("a", "x"), ("b", "p")}, 8, 11)


def test_a_second_value_that_adds_nothing_makes_no_pair() -> None:
    failed = rows(20, v="2", tier="pro") + rows(20, v="2", tier="free")
    healthy = rows(50, v="1", tier="pro") + rows(50, v="1", tier="free")

    assert judged(failed, healthy)[0].values == (("v", "2"),)


def test_three_values_that_fail_only_together_are_one_hint() -> None:
    triples = [dict(zip("abc", each, strict=True)) for each in product(("0", "1"), repeat=3)]
    all_three = {"a": "1", "b": "1", "c": "1"}
    others = [facts for facts in triples if facts != all_three for _ in range(40)]

    [hint, *_] = judged(rows(30, **all_three), others)

    assert set(hint.values) == {("a", "1"), ("b", "1"), ("c", "1")}
    assert (hint.support, hint.records, hint.failures, hint.operation_records) == (30, 30, 30, 310)


def test_a_pair_is_found_whose_halves_are_as_frequent_as_many_values_that_tell_nothing() -> None:
    chance = random.Random(5)
    noise = [[str(chance.randrange(3)) for _ in range(40)] for _ in range(240)]
    facts = [{f"noise.{n:02}": value for n, value in enumerate(values)} for values in noise]
    both = [(n // 4 % 2, n % 2) for n in range(240)]
    records = [
        {**row, "gift": str(gift), "coupon": str(coupon)}
        for row, (gift, coupon) in zip(facts, both, strict=True)
    ]
    hit = [row for row in records if row["gift"] == row["coupon"] == "1"]
    failed, others = hit[:12], [*hit[12:14], *(row for row in records if row not in hit)]

    [hint, *_] = judged(failed, others)

    assert set(hint.values) == {("gift", "1"), ("coupon", "1")}
    assert (hint.support, hint.records) == (12, 14)


def test_what_is_set_to_a_long_text_is_not_said_to_be_not_set() -> None:
    reader = FactReader()
    failed = [reader.facts_of({"zone": "eu"})] * 20
    others = [reader.facts_of({"zone": "eu", "prompt": "x" * 200})] * 60

    assert [hint.values for hint in judged(failed, others)] == [(("prompt", None),)]
    assert judged([others[0]] * 20, [*others[1:], *failed]) == []


def test_few_failures_are_judged_by_the_exact_chance_of_their_table() -> None:
    # G, an approximation for large numbers, makes 3 of 3 failures against 0 of 7 a chance of 0.0005. It is 1 in 120.
    assert judged(rows(3, v="2"), rows(7, v="1")) == []

    [hint] = judged(rows(4, v="2"), rows(12, v="1"))

    assert math.isclose(hint.p, 1 / math.comb(16, 4))


def test_the_g_test_agrees_with_a_table_worked_by_hand() -> None:
    # G = 2 * (30 ln 1.5 + 70 ln 0.875 + 10 ln 0.5 + 90 ln 1.125) = 12.97; Fisher: 3.26e-4
    [hint] = judged(rows(30, v="2") + rows(10, v="1"), rows(70, v="2") + rows(90, v="1"))

    assert math.isclose(hint.g, 12.97, abs_tol=0.01)
    assert math.isclose(hint.p, 3.26e-4, rel_tol=0.01)
