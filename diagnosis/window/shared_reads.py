"""
Reads that are the same for several fixes of a project, such as those of one window, made once while all are verified.

`with shared_reads():` begins a block in which functions that are marked `@shared` keep their answers. Outside of one
they read each time. Arguments are hashable, and nobody changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
Answers = dict[tuple[Hashable, ...], Any]
_answers: ContextVar[Answers | None] = ContextVar("answers of shared reads", default=None)


@contextmanager
def shared_reads() -> Iterator[None]:
    """Keep the answers of shared reads until the end of the block, in which one project is bound."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def shared(read: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that reads the bound project's store and depends on nothing but its arguments."""

    @wraps(read)
    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        answers = _answers.get()
        if answers is None:
            return read(*args, **kwargs)
        key = (read, *args, *sorted(kwargs.items()))
        if key not in answers:
            answers[key] = read(*args, **kwargs)
        return cast(R, answers[key])

    return once
