"""
The ids of the traces that user signals become: they begin with bytes of their own.

So reads tell signals, which anybody may send who finds a feedback key in a public page, from the traces of work that
they are about, without a column or a join.
"""

from __future__ import annotations

from django.db.models import Q

# The first byte is that of no clock of this century, since some tracers begin their ids with the time. The last is
# followed by another value, so that END is the id after all of them.
PREFIX, END = b"\xffsignal\x00", b"\xffsignal\x01"
IS_SIGNAL = Q(trace_id__gte=PREFIX, trace_id__lt=END)  # of rows of traces and of records


def signal_trace_id(digest: bytes) -> bytes:
    """The trace id of the signal with this digest: 16 bytes."""
    return PREFIX + digest[: 16 - len(PREFIX)]


def is_signal(trace_id: bytes) -> bool:
    """Whether this is the trace of a user signal."""
    return trace_id.startswith(PREFIX)
