"""
A search of bytes for many pieces at once, at about the same speed however many they are.

Hyperscan compares many bytes in one instruction: https://intel.github.io/hyperscan/dev-reference/intro.html
https://python-hyperscan.readthedocs.io/en/latest/usage.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import hyperscan

from loopkit.http.free_memory import give_back_memory

Judge = Callable[[int, int], bool]  # the number of a piece, and where it begins


class Pieces:
    """Pieces that can be searched for, none of which is empty or has a NUL."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.lengths = [len(piece) for piece in pieces]
        self.database = hyperscan.Database()
        numbers = list(range(len(pieces)))
        self.database.compile(expressions=pieces, ids=numbers, elements=len(pieces), literal=True)
        self.scratch = hyperscan.Scratch(self.database)
        give_back_memory()  # to compile takes twenty times the memory of what is compiled


class ByteSearch:
    """A search for pieces. Threads can use it at the same time; a search that goes on meanwhile is another one."""

    def __init__(self, pieces: Pieces) -> None:
        self._lengths, self._database, self._scratch = pieces.lengths, pieces.database, pieces.scratch
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
