"""
A search of bytes for many pieces at once, at about the same speed however many they are.

Hyperscan compares many bytes in one instruction: https://intel.github.io/hyperscan/dev-reference/intro.html
https://python-hyperscan.readthedocs.io/en/latest/usage.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import hyperscan

Judge = Callable[[int, int], bool]  # the number of a piece, and where it begins


class ByteSearch:
    """The search for these pieces, none of which is empty or has a NUL. Threads can use it at the same time."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._lengths = [len(piece) for piece in pieces]
        self._database = hyperscan.Database()
        numbers = list(range(len(pieces)))
        self._database.compile(expressions=pieces, ids=numbers, elements=len(pieces), literal=True)
        self._scratch = hyperscan.Scratch(self._database)
        self._local = threading.local()

    def any(self, data: bytes, judge: Judge) -> bool:
        """Whether the judge says so of a place of a piece, overlapping ones included; then the search ends."""

        def found(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            return judge(number, end - self._lengths[number])

        try:
            self._database.scan(data, match_event_handler=found, scratch=self._own_scratch())
        except hyperscan.ScanTerminated:
            return True
        return False

    def _own_scratch(self) -> hyperscan.Scratch:
        """The memory that a search works in, of this thread."""
        scratch: hyperscan.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._scratch.clone()
        return scratch
