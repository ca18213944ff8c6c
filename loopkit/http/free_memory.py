"""Free memory of the process, which glibc keeps for itself: a few large requests would hold theirs for ever."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back_memory() -> None:
    """
    Give free memory back to the system.

    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    with suppress(AttributeError):  # other C libraries do not have it
        ctypes.CDLL(None).malloc_trim(0)
