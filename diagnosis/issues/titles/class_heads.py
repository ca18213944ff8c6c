"""
Classes in front of a message: `TimeoutError: the server did not answer`.

Languages write an exception so, and wrappers that pass on what they caught write the class once more:
https://docs.python.org/3/library/traceback.html#traceback.format_exception_only,
https://tc39.es/ecma262/#sec-error.prototype.tostring, https://docs.oracle.com/javase/8/docs/api/java/lang/Throwable.html#toString--
"""

from __future__ import annotations

import re

NAME = r"[A-Za-z_$][\w$]*+"
HEAD = re.compile(rf"(?<![\w$.:\\])[*&]?({NAME}(?:(?:::|[.\\]){NAME})*+):(?: |$)")
SEPARATORS = re.compile(r"::|[.\\]")
SAYS_NOTHING = frozenset({"Error", "Exception", "error", "exception"})
MOST_HEADS = 5


def last_name(error_type: str) -> str:
    """The class without module or namespace, but not `url.Error`; a text that is no such name stays as it is."""
    if not HEAD.fullmatch(f"{error_type}:"):
        return error_type
    name = error_type.lstrip("*&")
    last = SEPARATORS.split(name)[-1]
    return name if last in SAYS_NOTHING else last


def without_class(text: str, error_type: str) -> str:
    """The text without the class in front of it, however often it is repeated; "" where it says only the class."""
    known = {error_type, last_name(error_type)} | SAYS_NOTHING
    for _ in range(MOST_HEADS):
        head = HEAD.match(text)
        if not head or not ({head[1], last_name(head[1])} & known):
            break
        text = text[head.end() :].strip()
    return "" if text in known - SAYS_NOTHING else text


def named_first(text: str) -> str:
    """The class that the text begins with, such as `ValueError` of `ValueError: bad`; "" for another beginning."""
    head = HEAD.match(text)
    name = last_name(head[1]) if head else ""
    return name if name.endswith(("Error", "Exception")) else ""
