"""Places for faults: a prepared data dir, an instance of its own, and a line in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.instance import Instance, serving
from tests.faults.table import Line, table


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is slow and breaks things on purpose."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table, below everything else that pytest says."""
    lines = [
        (value, {"passed": "held"}.get(report.outcome, report.outcome.upper()))
        for outcome in ("passed", "failed", "skipped")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "line"
    ]
    if lines:
        terminalreporter.section("faults")
        for shown in table(lines):
            terminalreporter.write_line(shown)


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Line:
    """The test's line in the table."""
    own = Line(request.node.name)
    request.node.user_properties.append(("line", own))
    return own


@pytest.fixture
def instance(new_installation: Callable[[], Path]) -> Iterator[Instance]:
    """LoopKit of the test's own, serving."""
    with serving(new_installation()) as running:
        yield running
