"""Definitions of tools, and names that a model called."""

from __future__ import annotations

import json

import pytest

from telemetry.failures.offered_tools import FEW, OfferedTools

MANY = [f"tool_{number}" for number in range(FEW * 3)]


@pytest.mark.parametrize("texts", [[json.dumps(MANY)], [repr(MANY)], MANY], ids=["json", "repr", "one each"])
def test_every_name_is_found_however_many_are_asked_for(texts: list[str]) -> None:
    offered = OfferedTools(texts)

    assert all(map(offered.may_have, MANY))
    assert not offered.may_have("tool_")
    assert not offered.may_have("fly")


def test_after_many_names_one_that_no_tool_can_have_is_not_searched_for() -> None:
    offered = OfferedTools([json.dumps([*MANY, "a b"])])

    assert all(offered.may_have(name) for name in [*MANY, "a b", "no such tool"])


def test_definitions_that_are_cut_may_have_had_any_name() -> None:
    assert OfferedTools(['[{"name": "pay"}, {"na']).may_have("fly")
    assert OfferedTools([]).may_have("fly")
