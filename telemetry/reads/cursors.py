"""
Cursors of paged lists, as the opaque text that clients send back: keyset paging with a fixed window.

The cursor holds the window: a list that was begun at noon stays the list of noon while new spans arrive.
https://use-the-index-luke.com/no-offset
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from telemetry.windows import Window

HEAD = struct.Struct(">cQQQ")  # the kind of list, the window's start and end, the row's start time
AHEAD = struct.Struct(">Q")  # what of the window lies ahead, after the key; left out for nothing
RECORDS, SESSIONS, TURNS = b"r", b"s", b"t"
# In bytes: a trace id, followed by a span id in lists of records.
KEY_LENGTHS = {RECORDS: 24, SESSIONS: 16, TURNS: 24}
MAX_NANO = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position just behind the row that starts at this time and has this key."""

    kind: bytes
    window: Window
    start_unix_nano: int
    key: bytes

    @property
    def trace_id(self) -> bytes:
        """The row's trace id."""
        return self.key[:16]

    @property
    def span_id(self) -> bytes:
        """The row's span id; b"" in lists of sessions."""
        return self.key[16:]

    def __str__(self) -> str:
        window = self.window
        head = HEAD.pack(self.kind, window.start_unix_nano, window.end_unix_nano, self.start_unix_nano)
        return opaque_text(head + self.key + (AHEAD.pack(window.ahead_nano) if window.ahead_nano else b""))


def opaque_text(place: bytes) -> str:
    """The position as the text that clients send back: base64url without padding."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def opaque_bytes(text: str) -> bytes:
    """The bytes that `opaque_text` encoded. Raises ValueError for text that is not base64."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def parse_cursor(text: str, kind: bytes) -> Cursor | None:
    """The cursor in the text, or None if the text is no cursor of this kind of list."""
    try:
        raw = opaque_bytes(text)
        read_kind, start, end, row_start = HEAD.unpack_from(raw)
        key_end = HEAD.size + KEY_LENGTHS[kind]
        (ahead,) = AHEAD.unpack(raw[key_end:]) if len(raw) > key_end else (0,)
    except (ValueError, struct.error):
        return None
    key = raw[HEAD.size : key_end]
    if read_kind != kind or len(key) != KEY_LENGTHS[kind] or max(start, end, ahead, row_start) > MAX_NANO:
        return None
    return Cursor(kind, Window(start, end, ahead), row_start, key)
