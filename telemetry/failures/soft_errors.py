"""
Failures that a tool reports in plain text: "Error: no such order", an exit code, a traceback, "503 Server Error".

A text counts only in the places where failures are reported: at the beginning, on a line of its own, or as a title.
Documents that mention errors are results. Formats: https://docs.python.org/3/library/traceback.html,
https://requests.readthedocs.io/en/latest/api/#requests.Response.raise_for_status and what agent frameworks write.
"""

from __future__ import annotations

import re

from telemetry.failures import stacktrace
from telemetry.failures.fault import Fault, is_class_name, one_line

HEAD, TAIL = 600, 400  # characters searched at each end; reports are short, and stand at an end
LONGEST = 6_000  # characters of a traceback
LEAD = re.compile(
    r"[\s\"'\[(*#⚠❌✗🚫\ufe0f-]{0,8}(?:"
    r"(?:fatal |tool |unexpected |internal |http |api )?errors?\s?(?:\]|\)|\*\*)?\s?(?:[:!]|\s-\s|-\d|\d{3}\b)"
    r"|error (?:while|when|in|during|at|executing|calling|running|invoking|fetching|reading|parsing|processing"
    r"|loading|creating|opening|occurred|code)\b"
    r"|an? (?:\w+ )?(?:error|exception) (?:has )?(?:occurred|was raised)\b"
    r"|(?:tool|command|request|execution|call|query|operation) (?:execution |call )?(?:failed|timed out)\b"
    r"|failed to \w+|failure:|exception:|unable to \w+|could not \w+"
    r"|(?:HTTP(?:/[\d.]+)? ?(?:status|error)? ?(?:code)?:? ?)?[45]\d\d (?:client|server) error\b"
    r"|HTTP(?:/[\d.]+)? ?(?:status|error)? ?(?:code)?:? ?[45]\d\d\b)",
    re.I,
)
CLASS = re.compile(
    r"\s{0,4}(?P<type>(?:[A-Za-z_]\w{0,60}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Timeout|Fault)): \S"
)
EXIT = re.compile(
    r"(?:^|\n)[^\n]{0,40}?\b(?:exit(?:ed)?[ _-]?(?:with )?(?:code|status)|return ?code|exitcode)\W{1,4}(-?\d{1,5})\b",
    re.I,
)
TITLE = re.compile(
    r"(?:^|\n)(?:title|status|heading)\W{1,3}(?:error:? ?(?P<code>[45]\d\d)\b"
    r"|(?P<status>[45]\d\d) (?:bad (?:gateway|request)"
    r"|forbidden|gateway time-?out|internal server error|not found|service unavailable|too many requests"
    r"|unauthorized))",
    re.I,
)
MARKS = (
    "error",
    "fail",
    "exception",
    "exit",
    "unable",
    "could not",
    "timeout",
    "timed out",
    "return",
    "http",
    "title",
)


def soft_error_in(text: str) -> Fault | None:
    """Return the failure that the text reports; None when it is a result."""
    excerpt = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    lowered = excerpt.lower()
    if has_traceback(text):
        error_type, message = stacktrace.raised(text)
        return Fault(error_type, one_line(message or error_type), text)
    if not any(mark in lowered for mark in MARKS):
        return None  # most results
    return reported(text[:HEAD], excerpt)


def has_traceback(text: str) -> bool:
    """Whether the text begins or ends with a traceback, and does not only show one in its middle."""
    start = text.rfind(stacktrace.TRACEBACK)
    return start >= 0 and (start < HEAD or len(text) - start < LONGEST)


def reported(head: str, excerpt: str) -> Fault | None:
    """Return the failure that the text's head reports, or that of an exit code at either end; None without one."""
    code = EXIT.search(excerpt)
    if code:
        return exited(excerpt, code) if int(code[1]) else None
    match = CLASS.match(head)
    if match and is_class_name(match["type"]):
        return Fault(match["type"], one_line(head[match.end() - 1 :]))
    title = TITLE.search(head)
    if title:
        status = title["code"] or title["status"]
        return Fault(status, f"HTTP {status}")
    return Fault("", one_line(first_line(head))) if LEAD.match(head) else None


def exited(excerpt: str, code: re.Match[str]) -> Fault:
    """Return the failure of a program that ended with a nonzero code; the message is the last line of its output."""
    lines = [line for line in excerpt.splitlines() if line.strip() and not EXIT.search(line)]
    return Fault(f"exit code {code[1]}", one_line(lines[-1] if lines else f"exit code {code[1]}"))


def first_line(text: str) -> str:
    """Return the first line that is not blank; the text itself if there is none."""
    return next((line for line in text.splitlines() if line.strip()), text)
