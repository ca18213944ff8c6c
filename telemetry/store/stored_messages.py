"""
Parsing of the messages in the store; one that cannot be read back means a damaged store and not a fault of the code.

The answer to DamagedStore is a 503 for that project alone: loopkit/http/store_fault.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db.utils import OperationalError
from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)


class DamagedStore(OperationalError):
    """A segment, a resource, a scope or a trace is missing from the store, or is not what was written there."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} cannot be read: the file is damaged. Put a sound copy in its place, see docs/operations.md."
        )


def parse_stored(message_class: type[M], content: bytes, subject: str) -> M:
    """The message in these bytes. Raises DamagedStore, with `subject` in its text, if the bytes are no such message."""
    with as_damage(subject, DecodeError):
        return message_class.FromString(content)


@contextmanager
def as_damage(subject: str, *errors: type[Exception]) -> Iterator[None]:
    """Raise DamagedStore in place of these errors."""
    try:
        yield
    except errors as error:
        raise DamagedStore(subject) from error
