"""The map of a switch: what is unchanged, split or merged, and what becomes of each loop."""

from __future__ import annotations

from random import Random

import pytest

from diagnosis.fingerprint_switch.cluster_map import Moves, biggest, loop_outcomes, merges, splits, unchanged
from diagnosis.models import Loop
from telemetry.grouping.fingerprint import cluster_id

A, B, C, D = 1, 2, 3, 4  # clusters before
P, Q, R, S = 11, 12, 13, 14  # and after
MOVES: Moves = {A: {P: 5}, B: {Q: 2, R: 7}, C: {R: 3}, D: {S: 1}}


def loop(number: int, state: str = "proposed", failures: int = 1) -> Loop:
    """A loop of that cluster, named by it."""
    return Loop(
        loop_id=f"loop_{number}{failures}", cluster_id=cluster_id(number), state=state, failures=failures
    )


def told(loops: list[Loop], moves: Moves = MOVES) -> dict[str, tuple[int | None, str]]:
    """Where each loop goes, and in which other one it ends."""
    return {
        fate.loop.loop_id: (fate.to, fate.into.loop_id if fate.into else "")
        for fate in loop_outcomes(loops, moves)
    }


def test_a_cluster_can_split_and_merge_at_once() -> None:
    assert unchanged(MOVES) == {A: P, D: S}
    assert splits(MOVES) == {B: {Q: 2, R: 7}}
    assert merges(MOVES) == {R: {B: 7, C: 3}}


def test_a_loop_goes_where_most_of_its_records_go() -> None:
    assert told([loop(A), loop(B)]) == {"loop_11": (P, ""), "loop_21": (R, "")}


def test_parts_of_one_size_are_told_apart_by_their_numbers() -> None:
    assert biggest({R: 4, P: 4, Q: 3}) == P


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (loop(B, "approved"), loop(C, "proposed", failures=99)),
        (loop(B, "shipped"), loop(C, "approved")),
        (loop(B, "held"), loop(C, "rejected")),
        (loop(B, "returned"), loop(C, "proposed")),
        (loop(B, failures=9), loop(C, failures=3)),
        (loop(B), loop(C)),
    ],
)
def test_of_loops_that_meet_the_one_that_was_decided_most_goes_on(one: Loop, other: Loop) -> None:
    expected = {one.loop_id: (R, ""), other.loop_id: (R, one.loop_id)}

    assert told([one, other]) == told([other, one]) == expected


def test_a_loop_of_which_nothing_is_stored_stays() -> None:
    assert told([loop(99)]) == {"loop_991": (None, "")}


def test_three_loops_can_meet_and_one_goes_on() -> None:
    moves = {A: {P: 1}, B: {P: 1}, C: {P: 1}}

    [kept, *ended] = loop_outcomes([loop(A), loop(B, "shipped"), loop(C, "approved")], moves)

    assert kept.loop.state == "shipped"
    assert [one.loop_id for one in kept.joined] == ["loop_31", "loop_11"]
    assert all(fate.into is kept.loop for fate in ended)


def test_the_order_of_loops_and_clusters_does_not_matter() -> None:
    loops = [
        loop(number, state)
        for number, state in ((A, "held"), (B, "proposed"), (C, "shipped"), (D, "rejected"))
    ]

    found = []
    for seed in range(5):
        chance = Random(seed)
        moves = dict(chance.sample(list(MOVES.items()), len(MOVES)))
        found.append(told(chance.sample(loops, len(loops)), moves))

    assert all(one == found[0] for one in found)
