"""A text that is full of marks, or of letters in another style, is searched for hidden names about once."""

from __future__ import annotations

import unicodedata

import pytest

from telemetry.scrubbing.hidden_names import BEHIND, FAR_BEHIND
from telemetry.scrubbing.suspicion import is_suspect
from tests.telemetry.work_counts import python_work

KILOBYTES = 24
MOST_STEPS = 20_000  # of Python for each KB; more than 30,000 when all was read three times, sign by sign
VIETNAMESE = unicodedata.normalize("NFD", "Tôi không nhận được đơn hàng của mình. ")


def full_of(part: str) -> bytes:
    """So many kilobytes of it."""
    return (part * 10_000).encode()[: KILOBYTES * 1024]


@pytest.mark.parametrize(
    "part", [VIETNAMESE, "\U0001d400\U0001d400 ", "p\u200ba\u200bs\u200b ", "\uff50\uff41\uff54\uff48 "]
)
def test_each_sign_is_read_about_once(part: str) -> None:
    wire = full_of(part)

    steps = python_work(lambda: is_suspect(wire), within="scrubbing/")

    assert not is_suspect(wire)
    assert steps < MOST_STEPS * KILOBYTES


@pytest.mark.parametrize("near", [BEHIND, FAR_BEHIND, 2 * FAR_BEHIND])
def test_a_hidden_name_is_found_wherever_it_is_among_others(near: int) -> None:
    for number in range(near - 90, near + 90):
        before = ("a\u0301 " * near).encode()[:number].decode(errors="ignore").ljust(number)

        assert is_suspect(f"{before} pass\u200bword=x1y2z3q4".encode()), number
        assert is_suspect(f"a\u0301{'x ' * 30}{before} api\u200b_key=x1y2z3q4".encode()), number
