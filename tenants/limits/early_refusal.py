"""
The refusal of heavy requests that are certain to find no place, before Django sees them.

An agent that asks again at once, whatever it is told, would otherwise take as much of the processor with its refusals
as with its diagnoses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from loopkit.http.chunked import WsgiApplication
from loopkit.http.early_answer import EarlyAnswer
from tenants.limits import heavy_runs

HELD_SECONDS = 1.0


def refusing(application: WsgiApplication) -> WsgiApplication:
    """Wrap the application so that it does not see such requests."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not heavy_runs.line.is_full_for(heavy_runs.origin(environ)):
            return counted(application, environ, start_response)
        hold_answer(environ)
        return refusal().send(start_response)

    return wrapped


def hold_answer(environ: dict[str, Any]) -> None:
    """Have loopkit's worker send the refusal later, so that asking again at once does not keep the process busy."""
    hold = getattr(environ.get("gunicorn.socket"), "hold", None)
    if hold is not None:
        hold(HELD_SECONDS)


def counted(application: WsgiApplication, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The application's answer; meanwhile the request counts as one that heavy requests make way for."""
    thread = threading.get_ident()
    heavy_runs.line.requests.add(thread)
    try:
        return application(environ, start_response)
    finally:
        heavy_runs.line.requests.discard(thread)


@lru_cache(maxsize=1)
def refusal() -> EarlyAnswer:
    """The refusal, which is made once."""
    return EarlyAnswer(heavy_runs.busy())
