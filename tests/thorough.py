"""What `make thorough` runs beside what every run of the tests does."""

from __future__ import annotations

from typing import Any

import pytest


def thorough(*values: Any) -> list[Any]:
    """These values of a parameter, each for `make thorough` alone; a value of several parameters is a tuple."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.thorough)
        for value in values
    ]
