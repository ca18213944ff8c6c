"""Whose code a file is, by its path: most languages say it by three patterns, in one order."""

from __future__ import annotations

import re
from typing import NamedTuple

from telemetry.stacks.frame import LIBRARY, OWN, RUNTIME, TEST
from telemetry.stacks.places import is_in_library, slashed

NEVER = re.compile(r"(?!)")


class FileOwners(NamedTuple):
    """The paths of a language's files that are not the application's own. Folders of package managers are known."""

    runtime: re.Pattern[str]
    library: re.Pattern[str] = NEVER
    test: re.Pattern[str] = NEVER

    def owner_of(self, file: str) -> str:
        """Return whose code the file holds."""
        path = slashed(file)
        if self.runtime.search(path):
            return RUNTIME
        if self.library.search(path) or is_in_library(path):
            return LIBRARY
        return TEST if self.test.search(path) else OWN
