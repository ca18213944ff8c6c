"""A request body that has been received, for the application to read, without waiting."""

from __future__ import annotations

import io
from collections import deque
from typing import Any

from loopkit.http.chunked import BodyTooLarge

BLOCK_BYTES = 64 * 1024


class ReceivedBody(io.RawIOBase):
    """
    The bytes of one body, in blocks that are freed as they are read.

    After the last one, reading raises `failure` if there is one: the body broke off, is malformed, or is too large.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.size = self.held_bytes = 0  # all that came, and what of it was not read
        self.failure: Exception | None = None
        self._max_bytes = max_bytes
        self._blocks: deque[bytes | bytearray] = deque()
        self._offset = 0

    @property
    def is_too_large(self) -> bool:
        """Whether more came than the application would read."""
        return self.size > self._max_bytes

    def declare(self, length: int) -> None:
        """Refuse a body whose declared length is too large, before any of it is received."""
        if length > self._max_bytes:
            self.failure = BodyTooLarge(f"over {self._max_bytes} bytes")

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end. Small pieces are joined, since each object costs memory of its own."""
        self.size += len(data)
        self.held_bytes += len(data)
        last = self._blocks[-1] if self._blocks else b""
        if isinstance(last, bytearray) and len(last) + len(data) <= BLOCK_BYTES:
            last += data
        elif self._blocks and len(data) < BLOCK_BYTES:
            self._blocks.append(bytearray(data))
        else:
            self._blocks.append(bytes(data))

    def readable(self) -> bool:
        """Whether the stream can be read: always."""
        return True

    def readinto(self, target: Any) -> int:
        """Move the next bytes into the target; 0 at the end. Raises the failure there, if the body has one."""
        if not self._blocks:
            if self.failure:
                raise self.failure
            return 0
        block = self._blocks[0]
        count = min(len(block) - self._offset, len(target))
        target[:count] = memoryview(block)[self._offset : self._offset + count]
        self._offset += count
        if self._offset == len(block):
            self._blocks.popleft()
            self.held_bytes -= len(block)
            self._offset = 0
        return count
