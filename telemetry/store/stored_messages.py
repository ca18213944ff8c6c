"""
Messages as the store keeps them, parsed; what cannot be read back is damage to the store and not a fault of the code.

Whoever meets DamagedStore answers 503 for that project alone: loopkit/http/store_fault.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db.utils import OperationalError
from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)


class DamagedStore(OperationalError):
    """A segment, a resource or a scope is missing from the store, or is not what was written there."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot be read: the file is damaged. Put a sound copy in its place, see docs/operations.md."
        )


def parse_stored(message_class: type[M], content: bytes, what: str) -> M:
    """The message. DamagedStore where the bytes are no such message; `what` names them in its text."""
    with as_damage(what, DecodeError):
        return message_class.FromString(content)


@contextmanager
def as_damage(what: str, *errors: type[Exception]) -> Iterator[None]:
    """Raises DamagedStore in place of these errors."""
    try:
        yield
    except errors as error:
        raise DamagedStore(what) from error
