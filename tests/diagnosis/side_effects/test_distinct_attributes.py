"""Attributes that say one thing under two names are named once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagnosis.side_effects.shared_values import USER, distinct, shared_attributes

VALUES = st.lists(st.frozensets(st.sampled_from("abc"), max_size=2), min_size=1, max_size=6)


def test_the_user_of_a_trace_and_its_attribute_are_named_once() -> None:
    hit = [{USER: frozenset({f"u{n}"}), "user.id": frozenset({f"u{n}"})} for n in range(20)]
    healthy = [{USER: frozenset({f"h{n}"}), "user.id": frozenset({f"h{n}"})} for n in range(40)]

    assert shared_attributes(hit[:12], healthy, hit, 0.01) == [USER]


def test_two_attributes_that_differ_in_a_request_are_both_named() -> None:
    hit = [{"plan": frozenset({"a"}), "region": frozenset({"a" if n else "b"})} for n in range(20)]
    healthy = [{"plan": frozenset({"z"}), "region": frozenset({"z"})} for n in range(40)]

    assert sorted(shared_attributes(hit, healthy, hit, 0.01)) == ["plan", "region"]


@given(st.dictionaries(st.sampled_from("vwxyz"), VALUES))
def test_the_first_of_each_kind_stays(columns: dict[str, list[frozenset[str]]]) -> None:
    length = min(map(len, columns.values()), default=0)
    requests = [{name: values[n] for name, values in columns.items()} for n in range(length)]

    named = distinct(columns, requests)

    kinds = [tuple(request[name] for request in requests) for name in named]
    assert len(set(kinds)) == len(kinds)
    assert {tuple(request[name] for request in requests) for name in columns} == set(kinds)
