"""
Where a section of header lines ends: the head of a request, or the trailers behind its last chunk.

Gunicorn's parser reads a section from its beginning each time, so that it gets one only when all of it is here.
https://www.rfc-editor.org/rfc/rfc9112#section-2.1
"""

from __future__ import annotations

from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders

from loopkit.worker.limits import MAX_HEAD_BYTES

END = b"\r\n\r\n"


class SectionSearch:
    """The search for the end of one section, which goes on where it stopped: it looks at each byte once."""

    def __init__(self) -> None:
        self._searched = 0  # bytes of the section

    def end(self, arrived: bytearray, start: int = 0) -> int:
        """
        Where the section that begins at `start` ends, -1 if its end is not here.

        Raises gunicorn's errors for a line that ends with a bare line feed, and for a section of over MAX_HEAD_BYTES.
        """
        new = start + self._searched
        found = arrived.find(END, max(start, new - len(END) + 1))
        end = found + len(END) if found >= 0 else -1
        self._searched = (end if end >= 0 else len(arrived)) - start
        if self._searched > MAX_HEAD_BYTES:
            raise LimitRequestHeaders(f"over {MAX_HEAD_BYTES} bytes")
        # Of a section that is whole, the parser refuses it.
        if end < 0 and arrived.count(b"\n", new) != arrived.count(b"\r\n", max(start, new - 1)):
            raise InvalidHeader("bare LF as line terminator")
        return end
