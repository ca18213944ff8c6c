"""How much work the product does, as counts that are the same on every machine: no test of it waits for a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections

from tenants.models import Project
from tenants.stores.binding import bind, bound_alias

PRODUCT = f"{settings.BASE_DIR}/telemetry/"
STEP = 10  # instructions of SQLite between two counts


class WorkCount(NamedTuple):
    """Instructions of Python in `telemetry`, and instructions of SQLite."""

    python: int
    sqlite: int

    def times(self, other: WorkCount) -> float:
        """How many times the work of the other this is, in that of the two that grew more."""
        return max(self.python / max(other.python, 1), self.sqlite / max(other.sqlite, 1))


def python_work(action: Callable[[], Any], within: str = "") -> int:
    """The instructions of Python in `telemetry`, or in a folder within it, that an action takes."""
    counted = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal counted
        if event == "call":
            if not frame.f_code.co_filename.startswith(PRODUCT + within):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return counted


def work_of(project: Project, action: Callable[[], Any], within: str = "") -> WorkCount:
    """The work of an action in this project's store. `within`: a folder whose instructions alone are counted."""
    counted = 0

    def step() -> int:
        nonlocal counted
        counted += STEP
        return 0

    with bind(project):
        connection = connections[bound_alias()]
        connection.ensure_connection()
        connection.connection.set_progress_handler(step, STEP)
        try:
            python = python_work(action, within)
        finally:
            connection.connection.set_progress_handler(None, STEP)
    return WorkCount(python, counted)
