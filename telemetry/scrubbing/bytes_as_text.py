"""
Bytes as a text and back: UTF-8, in which names of any script can be read, and each other byte as one character.

The characters are the last ones for private use, since the search for names takes no halves of characters:
https://www.unicode.org/faq/private_use.html
"""

from __future__ import annotations

import codecs
import re

FIRST = 0x10FF00  # the character of the byte 0; only those of 128 and more are used
OWN = b"\xf4\x8f"  # what these characters begin with in UTF-8
OWN_CHARACTER = re.compile(rb"\xf4\x8f[\xbe\xbf][\x80-\xbf]")
HANDLER = "loopkit.byte"


def characters(error: UnicodeError) -> tuple[str, int]:
    """The characters of the bytes that are no text, and where they end."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(FIRST + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(HANDLER, characters)


def text_of(data: bytes) -> str:
    """The text of the bytes, whatever they are."""
    return data.decode("ascii" if OWN in data else "utf-8", HANDLER)


def bytes_of(text: str) -> bytes:
    """The bytes of such a text."""
    return OWN_CHARACTER.sub(lambda match: bytes((ord(match[0].decode()) - FIRST,)), text.encode())
