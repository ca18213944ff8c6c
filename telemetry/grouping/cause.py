"""
The cause of a failure, as texts that distinguish it: class, message without its variable parts, place of raising.

A specific cause is one cause in whatever operation it occurs. A cause that any operation may have ("HTTP 503",
"not found") is distinguished by its operation as well.
"""

from __future__ import annotations

import re
from dataclasses import replace

from telemetry.failures.fault import is_generic
from telemetry.failures.root_cause import spoken
from telemetry.failures.unknown_tool import UNKNOWN_TOOL
from telemetry.grouping import origin, origin_before_3, telling_words
from telemetry.grouping.message_template import template_of
from telemetry.grouping.versions import GroupingRules
from telemetry.signals import SIGNALS
from telemetry.spans.meaning import Failure

WORD = re.compile(r"(?<!\S)[^\W\d_]{2,}(?!\w)")
TELLING, SURE = 2, 3  # fewest words of a specific message; of one that is specific without a stack
# Messages of any operation: https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml,
# https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/errno.h.html, https://grpc.io/docs/guides/status-codes/
COMMON = re.compile(
    r"(?:access|permission) denied|an error occurred|something went wrong|bad (?:gateway|request)|broken pipe"
    r"|connection (?:aborted|error|refused|timeout|timed out|reset(?: by peer)?)|deadline exceeded"
    r"|no such file or directory"
    r"|(?:internal|internal server|network|unexpected|unknown|validation) error|(?:fetch|request) failed"
    r"|(?:the |this )?operation was aborted|not (?:found|implemented)|payment required|resource exhausted"
    r"|(?:(?:operation|read|request) )?timed out|(?:connect|gateway|read|request) timeout|service unavailable"
    r"|too many requests|invalid argument",
    re.I,
)
# Classes that a language raises for many reasons: https://docs.python.org/3/library/exceptions.html,
# https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Error, java.lang, System.
BUILT_IN = re.compile(
    r"(?:Value|Type|Key|Index|Attribute|Runtime|Lookup|Name|OS|IO|Range|Reference|Syntax|Assertion|Arithmetic|Eval"
    r"|ZeroDivision|Unicode\w*|Recursion|Connection|Timeout|Permission|FileNotFound|Log)Error"
    r"|(?:Runtime|IllegalArgument|IllegalState|NullPointer|NullReference|Argument\w*|InvalidOperation|IO|ClassCast"
    r"|IndexOutOfBounds|UnsupportedOperation|NumberFormat|Format|Tool)Exception|ToolError"
)


def cause(failure: Failure, rules: GroupingRules) -> tuple[str, ...]:
    """Return the texts that distinguish the failure's cause, as its signal defines them."""
    signal = SIGNALS.signals.get(failure.signal_type)
    failure = spoken(failure) if rules.reads_stacks_by_language else failure
    return CAUSES[signal.CAUSE if signal else "place"](failure, rules)


def none(failure: Failure, rules: GroupingRules) -> tuple[str, ...]:
    """Return no text: users complain in their own words."""
    return ()


def raised_cause(failure: Failure, rules: GroupingRules) -> tuple[str, ...]:
    """Return the class, the message, and the place where it was raised."""
    error_type, text = class_and_text(failure, rules)
    place = place_of(failure, rules)
    return error_type, text_beside(place, text, rules), place


def place_of(failure: Failure, rules: GroupingRules) -> str:
    """Return the frames that identify the place where the failure was raised, joined by JOINT; "" without a stack."""
    if rules.reads_stacks_by_language:
        return origin.origin_of_failure(failure)
    return origin_before_3.failure_origin(failure.stack, failure.depth, rules.skips_platform_frames)


def provider_cause(failure: Failure, rules: GroupingRules) -> tuple[str, ...]:
    """
    Return the message, with the class only if the message is one word.

    A model call's failure is the provider's, whoever made the call and whichever library wrapped the answer.
    """
    error_type, text = class_and_text(failure, rules)
    return (text,) if " " in text else (error_type, text)


def tool(failure: Failure, rules: GroupingRules) -> tuple[str, ...]:
    """Return class and message, with the innermost frame if they are not specific; its caller is framework code."""
    error_type, text = class_and_text(failure, rules)
    if is_domain_error(error_type, text, rules):
        return error_type, text
    place = place_of(replace(failure, depth=1), rules).partition(origin.JOINT)[0]
    return error_type, text_beside(place, text, rules), place


CAUSES = {"none": none, "place": raised_cause, "answer": provider_cause, "tool": tool}


def class_and_text(failure: Failure, rules: GroupingRules) -> tuple[str, str]:
    """Return the class without its module, and the message without its variable parts."""
    return class_name(failure.error_type, rules), template_of(failure.message, rules.message_forms)


def text_beside(place: str, text: str, rules: GroupingRules) -> str:
    """Return the message that stands beside a place; "" for one that is only a value, which the place tells more of."""
    return "" if rules.weighs_words and place and telling_words.is_one_value(text) else text


def is_domain_error(error_type: str, text: str, rules: GroupingRules) -> bool:
    """Whether class and message are specific: the application's own class, with a sentence. A stack may be missing."""
    return bool(error_type) and not BUILT_IN.fullmatch(error_type) and word_count(text, rules) >= SURE


def is_common(failure: Failure, texts: tuple[str, ...], rules: GroupingRules) -> bool:
    """Whether any operation may fail with the cause of these texts, so that the operation is part of the cause."""
    # An unknown tool is one cause, whichever model asked for it and whichever span shows it.
    if failure.error_type == UNKNOWN_TOOL:
        return False
    signal = SIGNALS.signals.get(failure.signal_type)
    if signal is None or not signal.IN_ANY_OPERATION:
        return True
    frame = texts[2] if len(texts) > 2 else ""
    return not frame and is_common_text(texts[1], rules)


def is_common_text(text: str, rules: GroupingRules) -> bool:
    """Whether the message fits any operation."""
    return (
        word_count(text, rules) < TELLING
        or bool(COMMON.fullmatch(text.rstrip(".!")))
        or (rules.weighs_words and telling_words.fits_any_failure(text))
    )


def word_count(text: str, rules: GroupingRules) -> int:
    """Return the number of words in the text that consist of letters."""
    return telling_words.word_count(text) if rules.weighs_words else len(WORD.findall(text))


def class_name(error_type: str, rules: GroupingRules) -> str:
    """Return the type without its module, so that a moved class stays the same; "" for a generic class."""
    if is_generic(error_type):
        return ""
    return (
        template_of(error_type, rules.message_forms) if "@" in error_type else error_type.rpartition(".")[2]
    )
