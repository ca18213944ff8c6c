"""
What becomes of a text whose redaction fails: it is replaced as a whole, since it may hold a secret.

The log names the place in the code, once a process, and nothing of the text, which the error's message may quote.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from telemetry.scrubbing.named.stand_ins import MARK
from telemetry.scrubbing.work import Spent, Work

Redaction = Callable[[str, Work], tuple[str, int]]  # a text without secrets, and how many there were
logger = logging.getLogger(__name__)
noted: set[str] = set()


def whole_if_it_fails(redaction: Redaction) -> Redaction:
    """The redaction, which returns MARK alone for a text with which it fails."""

    @wraps(redaction)
    def redact(text: str, work: Work) -> tuple[str, int]:
        try:
            return redaction(text, work)
        except Spent:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, the text is not let through)
            note(error)
            return MARK, 1

    return redact


def note(error: Exception) -> None:
    """Log the kind of the error and where it was raised; once, also because the log redacts its lines by this code."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    place = f"{step.tb_frame.f_code.co_qualname}:{step.tb_lineno}" if step else "?"
    kind = f"{type(error).__name__} in {place}"
    if kind not in noted:
        noted.add(kind)
        logger.error("a text was redacted as a whole, since its redaction failed: %s", kind)
