"""
64-bit hashes of contents, as signed numbers, which every database's integer column can hold.

BLAKE2b with a digest of 8 bytes, which differs from the first 8 bytes of a longer digest:
https://www.rfc-editor.org/rfc/rfc7693#section-2.5. The hashes are stored, so they may never change.
"""

from __future__ import annotations

from hashlib import blake2b


def hash64(content: bytes) -> int:
    """Return the hash of the content."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)


def hash64_of_texts(*texts: str) -> int:
    """Return the hash of these texts in this order, separated by NUL; never 0, which stands for none."""
    return hash64("\x00".join(texts).encode("utf-8", "replace")) or 1
