"""
Type and message of an exception as its stack's text names them.

Only Python's traceback and a stack's first line are read. Every version of fingerprints compares these texts, so what
is read of old failures stays as it is; telemetry/stacks reads stacks of each language, with causes and frames.
"""

from __future__ import annotations

import re

TRACEBACK = "Traceback (most recent call last):"
TYPE_AND_MESSAGE = re.compile(r"(?P<type>[A-Za-z_$][\w.$]*)(?:: (?P<message>.*))?$")


def raised(stack: str) -> tuple[str, str]:
    """Return type and message of the exception raised last, as the stack names them; ("", "") if it does not."""
    line = python_exception(stack) if TRACEBACK in stack else stack.lstrip().partition("\n")[0]
    match = TYPE_AND_MESSAGE.match(line)
    return (match["type"], match["message"] or "") if match else ("", "")


def python_exception(stack: str) -> str:
    """
    Return the first line after the frames of the last traceback, which names the exception.

    Exceptions of earlier tracebacks were handled or are causes; the lines that follow are notes.
    """
    lines = stack.rpartition(TRACEBACK)[2].splitlines()
    return next((line for line in lines if line and not line[0].isspace()), "")
