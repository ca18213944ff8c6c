"""
The lines of the log. What strangers send may be in them, so that each is one line of bounded length, without secrets,
and a call in the code that logs gets a bounded number of lines a minute.

So nobody can forge a line with a newline in a path, or fill a disk: https://owasp.org/www-community/attacks/Log_Injection
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from itertools import takewhile
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from tenants import redactor

LONGEST_LINE, LONGEST_TRACEBACK = 1_000, 8_000  # characters
INDENT = "    "  # of a traceback, so that none of its lines begins as a line of the log does
MOST_LINES, WINDOW_SECONDS = 10, 60  # of one kind, in one process
MOST_KINDS = 1_000  # that are remembered
LAST_OF_WINDOW = " [further lines of this kind are left out for a minute]"

# Keys (tenants/keys/credentials.py), whole or not, whatever stands before them: in telemetry that would be another
# word, in a Host or a path of a request it is a slip of whoever sent it.
KEY = re.compile(r"lk_(?:ingest|agent|feedback|feed)_[0-9A-Za-z]+")
# Codes for recovery and upgrade, which have no other form than their length, and are not the ids of records.
CODE = re.compile(r"(?<![0-9A-Fa-f])(?<!rec_)[0-9A-Fa-f]{40,}")
NESTED_PERCENT = re.compile(
    r"%(?:25)+(?=[0-9A-Fa-f]{2})"
)  # percent signs that were encoded once more, and again
MOST_DECODINGS = 5
# In the words of django/middleware/csrf.py.
ORIGIN = re.compile(r"(?<=checking failed - )\S+(?= does not match any trusted origins)")
REDACTED = "[redacted]"
# Characters of a longer text that are looked at; a secret of half as many, or less, is recognised whole.
MOST_SEARCHED = 32_000

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class BoundedLines(logging.Formatter):
    """One line of visible characters for each message; a traceback is indented. Both are cut."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of the record; of one that cannot be formatted, which logging would print as it is, its place."""
        try:
            return super().format(record)
        except Exception as error:  # noqa: BLE001  (whatever it is, the message may hold a secret)
            place = f"{record.pathname}:{record.lineno}"
            return f"{record.levelname} {record.name} [no line for {place}: {type(error).__name__}]"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of the message."""
        line = shown_on_one_line(beginning_without_secrets(super().formatMessage(record)))
        suffix = getattr(record, "suffix", "")
        return (line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}...") + suffix

    def formatException(self, ei: ExceptionInfo) -> str:
        """The lines of the traceback; of a long one the last ones, which name the error."""
        return indented_lines(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        """The lines of the stack that a call wants logged; of a long one the last ones."""
        return indented_lines(super().formatStack(stack_info))


def indented_lines(text: str) -> str:
    """The text's last lines, each cut, without secrets."""
    lines = [shown_on_one_line(line)[:LONGEST_LINE] for line in end_without_secrets(text).split("\n")]
    return INDENT + f"\n{INDENT}".join(lines)[-LONGEST_TRACEBACK:]


def beginning_without_secrets(text: str) -> str:
    """
    The text with a mark in place of each secret; of a very long one, the beginning.

    Where a text is cut, half of a secret is not recognised. What a beginning and one of twice its length have in common
    ends before the first half of a secret at the end of the shorter one, since the longer one has its mark there.
    """
    if len(text) <= MOST_SEARCHED:
        return without_secrets(text)
    shorter, longer = (without_secrets(text[:length]) for length in (MOST_SEARCHED // 2, MOST_SEARCHED))
    return common_beginning(shorter, longer)


def end_without_secrets(text: str) -> str:
    """The text with a mark in place of each secret; of a very long one, the end, in the same way."""
    if len(text) <= MOST_SEARCHED:
        return without_secrets(text)
    shorter, longer = (without_secrets(text[-length:]) for length in (MOST_SEARCHED // 2, MOST_SEARCHED))
    return common_beginning(shorter[::-1], longer[::-1])[::-1]


def common_beginning(first: str, second: str) -> str:
    """The characters that both texts begin with."""
    pairs = zip(first, second, strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def without_secrets(text: str) -> str:
    """
    The text with a mark in place of keys, codes and what telemetry/scrubbing/ takes for a secret; a path may hold one.

    If a secret is written with percent signs, once or several times, all of the text is shown without them.
    """
    shown = layer = redacted(text)
    for _ in range(MOST_DECODINGS):
        decoded = unquote(NESTED_PERCENT.sub("%", layer))
        if decoded == layer:
            break
        layer = redacted(decoded)
        if layer != decoded:
            shown = layer
    return shown


def redacted(text: str) -> str:
    """The text with a mark in place of each secret."""
    return CODE.sub(REDACTED, KEY.sub(REDACTED, redactor.without_secrets(text)))


def shown_on_one_line(text: str) -> str:
    """The text with an escape for each character that is not visible, such as a newline."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class BoundedRate(logging.Filter):
    """At most MOST_LINES in WINDOW_SECONDS from one call in the code; the last of them says that more are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[
            tuple[Any, ...], tuple[int, int]
        ] = {}  # the number of the window, and of its lines, by kind

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        window = int(record.created // WINDOW_SECONDS)
        about = getattr(record, "about", "")  # what a call names that logs of several things
        kind = record.name, record.levelno, record.pathname, record.lineno, about
        if len(self.counts) >= MOST_KINDS:
            self.counts.clear()
        last_window, count = self.counts.get(kind, (window, 0))
        count = 1 if last_window != window else count + 1
        self.counts[kind] = window, count
        if count == MOST_LINES:
            record.suffix = LAST_OF_WINDOW
        return count <= MOST_LINES


def without_clients_text(record: logging.LogRecord) -> bool:
    """
    Log of a request that Django refuses, such as one with a wrong Host, only what kind of refusal it is: the fault is
    the client's, and the words and the traceback are made of what it sent. Of a form from another site, only which site
    that is. Returns true, since a filter's False would drop the record.

    https://docs.djangoproject.com/en/5.2/ref/logging/#django-security
    """
    if record.name.startswith("django.security.") and record.exc_info:
        kind = record.name.rpartition(".")[2]
        record.msg = f"refused a request: {kind}, in {len(record.getMessage())} characters that are not shown"
        record.args = None
        record.exc_info = record.exc_text = None
    elif record.name == "django.security.csrf" and isinstance(record.args, tuple):
        record.args = tuple(ORIGIN.sub(origin_of, str(value)) for value in record.args)
    return True


def origin_of(match: re.Match[str]) -> str:
    """The scheme, host and port of the Origin, or of the Referer, of a form that is refused."""
    with suppress(ValueError):
        parts = urlsplit(match[0])
        if parts.hostname:
            return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
    return (
        match[0]
        if match[0] == "null"
        else f"what is no URL, in {len(match[0])} characters that are not shown,"
    )


# For Django's LOGGING: https://docs.djangoproject.com/en/5.2/topics/logging/#configuring-logging
FORMATTERS = {
    "line": {
        "class": "loopkit.log_lines.BoundedLines",
        "format": "{asctime} {levelname} {name} {message}",
        "style": "{",
    }
}
FILTERS = {
    # loopkit/http/store_fault.py logs a 503, with its reason.
    "except_503": {
        "()": "django.utils.log.CallbackFilter",
        "callback": lambda record: getattr(record, "status_code", 0) != 503,
    },
    "clients_fault": {"()": "django.utils.log.CallbackFilter", "callback": without_clients_text},
    "bounded_rate": {"()": BoundedRate},
}
