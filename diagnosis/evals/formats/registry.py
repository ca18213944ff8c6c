"""The registry of the eval formats: each module of the package that has a NAME is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from telemetry.discovery import find_modules, in_chain, require_parts

PARTS = ("NAME", "AFTER", "MEDIA_TYPE", "ABOUT", "file_name", "why_not", "render")


class EvalFormat(Protocol):
    """The interface of a format's module."""

    __name__: str
    NAME: str  # the value of `format=` in the API
    AFTER: str  # the format before it in every list; "" for the first
    MEDIA_TYPE: str
    ABOUT: str  # the name in the handoff's README

    def file_name(self, eval_id: str) -> str:
        """The name of the file in the handoff's zip."""

    def why_not(self, signal_type: str, is_replayable: bool) -> str:
        """
        The sentence why the format is not offered for failures of that signal; "" if it is offered.

        Args:
            is_replayable: the input of a case was recorded, so that the call can be repeated.
        """

    def render(self, document: dict[str, Any]) -> bytes:
        """The candidate as a file of this format."""


class FormatRegistry:
    """The formats of a package, in the order of their AFTER."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "NAME")
        require_parts(modules, PARTS)
        ordered = [cast(EvalFormat, module) for module in in_chain(modules, "NAME")]
        self.formats = {form.NAME: form for form in ordered}
