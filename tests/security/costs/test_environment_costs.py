"""Whoever sends spans names environments, a thousand in one request: each is looked at once where a fix is verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnosis.statistics.rates import Counts
from diagnosis.verification.failing_environments import counting_new, going_on

NUMBER = 200


class CountedReads(dict[str, Counts]):
    """Counts by environment, and how often all of them were gone through."""

    reads = 0

    def values(self) -> Any:
        """As of a dict."""
        self.reads += 1
        return super().values()

    def items(self) -> Any:
        """As of a dict."""
        self.reads += 1
        return super().items()


@pytest.mark.parametrize("name", ["known", "new"])
@pytest.mark.parametrize("failures", [1, 30])
@pytest.mark.parametrize("function", [going_on, counting_new])
def test_the_counts_before_are_gone_through_once(
    function: Callable[..., Any], failures: int, name: str
) -> None:
    before = CountedReads({f"known {number}": Counts(30, 100) for number in range(NUMBER)})
    since = {f"{name} {number}": Counts(failures, 100) for number in range(NUMBER)}

    function(before, since)

    assert 0 < before.reads <= 4
