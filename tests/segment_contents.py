"""Segments read by their documented format alone: telemetry/store/segments.py says it."""

from __future__ import annotations

import struct
import sys
from itertools import accumulate, pairwise

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def unpacked(content: bytes) -> list[bytes]:
    """The serialized spans of a segment, by position."""
    plain = zstd.decompress(content)
    (count,) = struct.unpack_from("<I", plain)
    ends = list(accumulate(struct.unpack_from(f"<{count}I", plain, 4), initial=4 * (count + 1)))
    return [plain[start:end] for start, end in pairwise(ends)]
