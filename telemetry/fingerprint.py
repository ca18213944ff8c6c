"""
The key of a kind of failure: the same cause gives the same 64 bits, in every process and release.

Made of what stays when the same thing happens again; change VERSION with any change here, since clusters are
compared over weeks. The idea of masking what varies: https://develop.sentry.dev/backend/application-domains/grouping/
"""

from __future__ import annotations

import re
from hashlib import blake2b

from telemetry.fault import is_generic
from telemetry.meaning import Failure

VERSION = 1
PREFIX = "clu_"
CLUSTER_ID = re.compile(r"clu_[0-9a-f]{16}")
# Quoted words beside these name a part of the program, not a value: they tell bugs apart.
BEFORE = "reading|setting|property|attribute|method|function|column|field|module|named|argument|parameter"
AFTER = "object|codec|argument|attribute|parameter|field|property|column|module"
KEEP = "\x01"  # stands before a number that tells failures apart; never in a message, which is one clean line
WORD = r"[^\s,;:()<>'\"=\[\]{}\x01]*"
MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # An API's error body inside the message: its own message says it all.
    (re.compile(r"\{.*?['\"](?:message|error|detail)['\"]:\s*(?:'([^']*)|\"([^\"]*)).*$"), r"\1\2"),
    (re.compile(r"(?<![a-z])(code|status|http|errno)\b([ :=#]*)(\d{1,3})\b", re.I), rf"\1\2{KEEP}\3"),
    (re.compile(r"\b([a-z][a-z0-9+.]*://[^\s/?#'\")>]+)[^\s'\")>,]*", re.I), r"\1"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<email>"),
    (re.compile(rf"\b({BEFORE})( ?)(['\"`])([A-Za-z_][\w.]*)\3", re.I), r"\1\2\4"),
    (re.compile(rf"(['\"`])([A-Za-z_][\w.-]*)\1( (?:{AFTER})\b)", re.I), r"\2\3"),
    (re.compile(r"\{[^{}]*\}|\[[^\[\]]*\d[^\[\]]*\]"), "<data>"),
    (re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|“[^”]*”"), "<value>"),
    # Any word with a digit in it: numbers, amounts, ids, paths with positions.
    (re.compile(rf"(?<![\w{KEEP}]){WORD}\d{WORD}"), "<n>"),
    (re.compile(r"\b[0-9a-f]{8,}\b", re.I), "<n>"),
    (re.compile(r"(?:[\w.]+-)?<n>(?:[:-]<n>)*"), "<n>"),
    (
        re.compile(
            r"<n> ?(?:ms|milliseconds?|s|secs?|seconds?|m|min|minutes?|h|hours?|[kKMGT]i?B|bytes|%)\b"
        ),
        "<n>",
    ),
    (re.compile(r"(?:<n>[,\s]+)+<n>"), "<n>"),
    (re.compile(rf"{KEEP}|\s+(?= )|\s+$"), ""),
)


def fingerprint(service: str, operation: str, failure: Failure) -> int:
    """A signed 64-bit number, never 0, which stands for "no failure"."""
    parts = (str(VERSION), failure.signal_type, service, operation, *cause(failure))
    digest = blake2b("\x00".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def cause(failure: Failure) -> tuple[str, ...]:
    """What tells one cause from another, by kind of signal."""
    if failure.signal_type == "user_signal":  # users complain in their own words
        return ()
    error_type, text = class_name(failure.error_type), skeleton(failure.message)
    if failure.signal_type != "llm_call_failed":
        return error_type, text, failure.frame
    # A model's failure is the provider's: whoever called it, whichever library wrapped its answer.
    return (text,) if " " in text else (error_type, text)


def class_name(error_type: str) -> str:
    """The type without its module, so that a moved class stays the same; "" for the class of everything."""
    return (
        ""
        if is_generic(error_type)
        else skeleton(error_type)
        if "@" in error_type
        else error_type.rpartition(".")[2]
    )


def skeleton(message: str) -> str:
    """The message without what varies from one failure to the next."""
    for pattern, replacement in MASKS:
        message = pattern.sub(replacement, message)
    return message.strip()


def cluster_id(fingerprint: int) -> str:
    """`clu_` and the 64 bits as 16 hex digits."""
    return f"{PREFIX}{fingerprint & 0xFFFFFFFFFFFFFFFF:016x}"


def of_cluster_id(text: str) -> int | None:
    """The fingerprint of a cluster id; None when it is not one."""
    if not CLUSTER_ID.fullmatch(text):
        return None
    return int.from_bytes(bytes.fromhex(text.removeprefix(PREFIX)), "big", signed=True)
