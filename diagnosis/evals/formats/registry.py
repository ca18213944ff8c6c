"""The forms of an eval, found by looking: each file of the package that has a NAME is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from telemetry.plugins import find_modules, in_chain, require_parts

PARTS = ("NAME", "AFTER", "MEDIA_TYPE", "ABOUT", "file_name", "why_not", "render")


class EvalFormat(Protocol):
    """What each format's file offers."""

    __name__: str
    NAME: str  # as `format=` asks for it
    AFTER: str  # the format before it in every list; "" for the first
    MEDIA_TYPE: str
    ABOUT: str  # as the handoff's README names it

    def file_name(self, eval_id: str) -> str:
        """The file in the handoff's zip."""

    def why_not(self, signal_type: str) -> str:
        """Why the form is not offered for failures of that signal, in a sentence; "" where it is."""

    def render(self, document: dict[str, Any]) -> bytes:
        """The candidate in this form."""


class Registry:
    """The formats of a package, in the order in which they are listed."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "NAME")
        require_parts(modules, PARTS)
        ordered = [cast(EvalFormat, module) for module in in_chain(modules, "NAME")]
        self.formats = {form.NAME: form for form in ordered}
