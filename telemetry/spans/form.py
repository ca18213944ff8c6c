"""
What depends on nothing of a span but its scope and the names of its attributes, worked out once for all such spans.

Spans that one place of a program writes have the same names, so that real traffic has some dozens of forms, and most
rules of conventions and failures look for names that are not there. Ask by `once_a_form`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from telemetry.spans.span import Form, Span

LONGEST = 2_000  # characters of a scope and its names together; longer ones are not remembered
MOST_FORMS = 1024  # that are remembered
MOST_KNOWN = 64  # answers of a form
Known = TypeVar("Known")
_forms: dict[tuple[str, ...], Form] = {}


def form_of(scope_name: str, names: Iterable[str]) -> Form:
    """The form of spans with this scope and these names of attributes, in this order."""
    key = scope_name, *names
    form = _forms.get(key)
    return new_form(key) if form is None else form


def new_form(key: tuple[str, ...]) -> Form:
    """A form that is remembered, if it is short. All are forgotten where there are too many."""
    form: Form = {}
    if sum(map(len, key)) <= LONGEST:
        if len(_forms) >= MOST_FORMS:
            _forms.clear()
        _forms[key] = form
    return form


def remember(form: Form, asked: Hashable, known: Known) -> Known:
    """The answer, which the form knows from now on."""
    if len(form) < MOST_KNOWN:
        form[asked] = known
    return known


def once_a_form(work: Callable[[Span], Known]) -> Callable[[Span], Known]:
    """The function, which may look at a span's scope and the names of its attributes alone, once for each form."""

    def known(span: Span) -> Known:
        form = span.form
        if work in form:
            answer: Known = form[work]
            return answer
        return remember(form, work, work(span))

    return known
