"""
A place in a list, as the opaque text that clients hand back: keyset paging with the window pinned.

The window travels in the cursor: a list that was begun at noon stays the list of noon while new spans arrive.
https://use-the-index-luke.com/no-offset
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from telemetry.windows import Window

HEAD = struct.Struct(">cQQQ")  # the kind of list, the window's start and end, the place's time
RECORDS, SESSIONS, TURNS = b"r", b"s", b"t"
KEY_LENGTHS = {
    RECORDS: 24,
    SESSIONS: 16,
    TURNS: 24,
}  # a trace id, and a span id where the list is one of records
MAX_NANO = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Just behind the row that starts at this time and has this key."""

    kind: bytes
    window: Window
    start_unix_nano: int
    key: bytes

    @property
    def trace_id(self) -> bytes:
        """The row's trace."""
        return self.key[:16]

    @property
    def span_id(self) -> bytes:
        """The row's span; b"" in lists of sessions."""
        return self.key[16:]

    def __str__(self) -> str:
        head = HEAD.pack(
            self.kind, self.window.start_unix_nano, self.window.end_unix_nano, self.start_unix_nano
        )
        return opaque_text(head + self.key)


def opaque_text(place: bytes) -> str:
    """A place as the text that clients hand back: base64url without padding."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def opaque_bytes(text: str) -> bytes:
    """The place in such a text. ValueError for any other text."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def parse(text: str, kind: bytes) -> Cursor | None:
    """The cursor of a list of that kind, or None for any other text."""
    try:
        raw = opaque_bytes(text)
        read_kind, start, end, place = HEAD.unpack_from(raw)
    except (ValueError, struct.error):
        return None
    key = raw[HEAD.size :]
    if read_kind != kind or len(key) != KEY_LENGTHS[kind] or max(start, end, place) > MAX_NANO:
        return None
    return Cursor(kind, Window(start, end), place, key)
