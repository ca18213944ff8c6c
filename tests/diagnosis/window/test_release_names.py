"""Names of releases: which are one release, and which is certainly older."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.window.release_names import is_older, is_same, matching

NAMES = st.text(max_size=30) | st.from_regex(
    r"v?\d{1,3}(\.\d{1,3}){0,3}(-rc\.\d)?(\+\w{1,5})?", fullmatch=True
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.0.0", "v2.0.0"),
        ("V2.0.0", " 2.0.0 "),
        ("2.0", "2.0.0"),
        ("2.0.0", "2.0.0+build.7"),
        ("v1.4.2", "shop@1.4.2"),
        ("1.4.2", "refs/tags/v1.4.2"),
        ("1.4.2", "release-1.4.2"),
        ("1.4.2", "shop2-v1.4.2"),
        ("3.0.0-rc.1", "v3.0.0rc1"),
        ("2026.11.29", "v2026.11.29"),
        ("412", "v412"),
        ("3fa9c1d", "3fa9c1d0e2b74c6f9a1d"),
        ("Blue Harbour", "blue harbour"),
    ],
)
def test_two_ways_to_write_one_release(one, other):
    assert is_same(one, other)
    assert is_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.0.0", "2.0.1"),
        ("2.0.0", "2.O.0"),
        ("2.0.0", "2.0.0-rc.1"),
        ("2.0.0", "2.0.0-alpine"),
        ("2.0.0", "12.0.0"),
        ("3fa9c1d", "3fa9c1e0e2b74c6f9a1d"),
        ("3fa9", "3fa9c1e0e2b74c6f9a1d"),  # too short for a hash
        ("main", "mainline"),
        ("", ""),
    ],
)
def test_names_of_two_releases(one, other):
    assert not is_same(one, other)


def test_build_metadata_decides_where_both_name_it():
    names = ["2.0.0+5", "2.0.0+6", "2.0.0"]

    assert matching("2.0.0+6", names) == {"2.0.0+6"}
    assert matching("v2.0.0", names) == {*names}
    assert matching("2.0.0+7", names) == {*names}  # the version is all that is known of it


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9.0", "2.0.0"),
        ("1.9.9", "1.10.0"),
        ("shop@1.2.0", "v2.0.0"),
        ("2.0.0-rc.1", "2.0.0"),
        ("2.0.0-rc.9", "2.0.0-rc.10"),
        ("2.0.0-beta.2", "2.0.0-rc.1"),
        ("2.0.0.dev3", "2.0.0a1"),
        ("2.0.0-SNAPSHOT", "2.0.0"),
        ("1.9.0-hotfix.2", "2.0.0"),
        ("411", "412"),
        ("2026.9.30", "2026.11.1"),
    ],
)
def test_a_release_that_is_older_by_its_name(older, newer):
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.0.0-hotfix.1", "2.0.0"),
        ("2.0.0-3-gabc123", "2.0.0"),
        ("2.0.0-alpine", "2.0.0"),
        ("2.0.0+1", "2.0.0+2"),
        ("2.0.0-nightly", "2.0.0-rc.1"),
        ("3fa9c1d", "412"),
        ("20261129", "2.0.0"),
        ("blue", "green"),
        ("", "2.0.0"),
    ],
)
def test_names_that_say_nothing_about_order(one, other):
    assert not is_older(one, other)
    assert not is_older(other, one)


@given(NAMES, NAMES)
def test_any_two_names_are_compared_without_a_contradiction(one, other):
    assert is_same(one, other) == is_same(other, one)
    assert not (is_older(one, other) and is_older(other, one))
    assert not (is_older(one, other) and is_same(one, other)) or "+" in one + other
