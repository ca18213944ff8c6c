"""Each form with names, and with values that hold each sign which they can have there: nothing of a value is left."""

from __future__ import annotations

from itertools import cycle, islice

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.forms import GROUPS, Forms
from tests.thorough import thorough

NAMES = ("password", "DB_PASSWORD", "api_key", "clientSecret", "secret")
HALVES = ("Qm7xT9vKp2", "Wz4hJ8nLr5")  # of a value, with a sign between them
PIECE = 4  # characters of a value of which not even one piece may be left
PIECES = {half[at : at + PIECE] for half in HALVES for at in range(len(half) - PIECE + 1)}


def texts(group: Forms, form: str, names: int) -> list[str]:
    """The form with each value, and so many names for each value, in turn."""
    values = [group.written(sign.join(HALVES)) for sign in ("", *group.signs)]
    turn = cycle(NAMES)
    return [
        form.replace("NAME", name).replace("§", value) for value in values for name in islice(turn, names)
    ]


@pytest.mark.parametrize("names", [2, *thorough(len(NAMES))])
@pytest.mark.parametrize(
    ("group", "form"), [(name, form) for name, group in GROUPS.items() for form in group.forms]
)
def test_no_piece_of_a_value_is_left(group: str, form: str, names: int) -> None:
    kept = {text: redacted(text)[0] for text in texts(GROUPS[group], form, names)}

    assert {text: left for text, left in kept.items() if any(piece in left for piece in PIECES)} == {}
    assert all(redacted(left) == (left, 0) for left in kept.values())
