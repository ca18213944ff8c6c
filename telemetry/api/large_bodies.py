"""
Turns for the large bodies of OTLP requests: a process unpacks and stores one at a time, and a few more wait.

    with large_bodies.BodyTurn(project_id, request.META) as turn:
        body = read_body(request, turn.take_for)      # waits, or raises Unavailable, once the body is large

A body takes five to seven times its size in memory until it is stored, and a second of the processor for 30 MB, while
Python runs one thread at a time. So several at once are done no sooner than one after the other, but fill the memory
and keep the small requests of everybody else waiting. Half of the threads never wait here, and one project has not all
of the other half. Those that find no place get 503 with Retry-After, which exporters obey:
https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from django.conf import settings

from loopkit.http.client_connection import WAIT_SECONDS, departure_check, waited_seconds
from loopkit.http.errors import Unavailable
from loopkit.http.free_memory import give_back_memory
from tenants.limits.heavy_runs import client_gone

LARGE_BYTES = 1024 * 1024  # unpacked; 512 spans are 300 KB, or more with texts of models in them
PATIENCE = WAIT_SECONDS  # for a thread before, too
LOOK_SECONDS = 0.2  # between two looks at whether the client is still there
RETRY_AFTER_SECONDS = 2


def busy() -> Unavailable:
    """The error of a large body that finds no place, or has waited too long."""
    return Unavailable(
        "busy",
        "Too many large bodies are being read.",
        "Send the same request again after Retry-After seconds, or in smaller batches.",
        RETRY_AFTER_SECONDS,
    )


class BodyLine:
    """The large bodies of a process: the one that is worked on, and those that wait."""

    def __init__(self, places: int) -> None:
        self.places, self.of_a_project = places, max(1, places - 1)
        self.changed = threading.Condition()
        self.projects: Counter[str] = Counter()  # of all that are worked on or wait
        self.is_taken = False

    def enter(self, project: str, has_left: Callable[[], bool], waited: float = 0) -> None:
        """
        Wait for the turn. Raises Unavailable without a place, if the client has left, and after PATIENCE, of which
        the seconds that the request has waited before are a part.
        """
        with self.changed:
            if self.projects.total() >= self.places or self.projects[project] >= self.of_a_project:
                raise busy()
            self.projects[project] += 1
            try:
                self.wait(has_left, time.monotonic() + PATIENCE - waited)
            except BaseException:
                self.leave(project)
                raise
            self.is_taken = True

    def wait(self, has_left: Callable[[], bool], ends: float) -> None:
        """Wait until no body is worked on. Raises as `enter` does."""
        while True:
            if has_left():
                raise client_gone()
            if not self.is_taken:
                return
            if time.monotonic() >= ends:
                raise busy()
            self.changed.wait(LOOK_SECONDS)

    def end(self, project: str) -> None:
        """The body is stored, or refused."""
        with self.changed:
            self.is_taken = False
            self.leave(project)
            self.changed.notify()

    def leave(self, project: str) -> None:
        """Give up the place."""
        self.projects[project] -= 1
        self.projects += Counter()  # forgets those that have none


line = BodyLine(max(1, settings.LOOPKIT_THREADS // 2))


class BodyTurn:
    """The turn of one request, which it takes if its body proves to be large, and has until it is answered."""

    __slots__ = ("_environ", "_is_mine", "_project")

    def __init__(self, project: str, environ: Mapping[str, Any]) -> None:
        self._project, self._environ, self._is_mine = project, environ, False

    def take_for(self, size: int) -> None:
        """Take the turn for a body of so many bytes so far, unless that is little. Raises as `BodyLine.enter` does."""
        if size > LARGE_BYTES and not self._is_mine:
            line.enter(self._project, departure_check(self._environ), waited_seconds(self._environ))
            self._is_mine = True

    def __enter__(self) -> BodyTurn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_mine:
            give_back_memory()
            line.end(self._project)
