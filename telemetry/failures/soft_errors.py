"""
Failures that a tool tells in plain text: "Error: no such order", an exit code, a traceback, "503 Server Error".

Only what stands where a failure is reported counts: at the beginning, as a line of its own, or as a title. Documents
that speak of errors are results. Forms: https://docs.python.org/3/library/traceback.html,
https://requests.readthedocs.io/en/latest/api/#requests.Response.raise_for_status and what agent frameworks write.
"""

from __future__ import annotations

import re

from telemetry.failures import stacktrace
from telemetry.failures.fault import Fault, is_class_name, one_line

HEAD, TAIL = 600, 400  # characters looked at; reports are short, and stand at an end
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


def told(text: str) -> Fault | None:
    """What the text says failed; None when it is a result."""
    near = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    lowered = near.lower()
    if has_traceback(text):
        error_type, message = stacktrace.raised(text)
        return Fault(error_type, one_line(message or error_type), text)
    if not any(mark in lowered for mark in MARKS):
        return None  # most results
    return reported(text[:HEAD], near)


def has_traceback(text: str) -> bool:
    """Whether it begins or ends with one, and not only shows one among other things."""
    at = text.rfind(stacktrace.TRACEBACK)
    return at >= 0 and (at < HEAD or len(text) - at < LONGEST)


def reported(head: str, near: str) -> Fault | None:
    """A failure that is told at the beginning, or an exit code at the end."""
    code = EXIT.search(near)
    if code:
        return exited(near, code) if int(code[1]) else None
    match = CLASS.match(head)
    if match and is_class_name(match["type"]):
        return Fault(match["type"], one_line(head[match.end() - 1 :]))
    title = TITLE.search(head)
    if title:
        status = title["code"] or title["status"]
        return Fault(status, f"HTTP {status}")
    return Fault("", one_line(first_line(head))) if LEAD.match(head) else None


def exited(near: str, code: re.Match[str]) -> Fault:
    """A program that ended with another code than zero, with the last thing it said."""
    lines = [line for line in near.splitlines() if line.strip() and not EXIT.search(line)]
    return Fault(f"exit code {code[1]}", one_line(lines[-1] if lines else f"exit code {code[1]}"))


def first_line(text: str) -> str:
    """The first line with something in it."""
    return next((line for line in text.splitlines() if line.strip()), text)
