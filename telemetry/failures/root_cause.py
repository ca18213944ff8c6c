"""
The root cause of a failure, where the exception that left only wraps another one.

Wrappers hand on a cause, and groups hold several: what they say of themselves is often nothing.
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Throwable.html (the message of a wrapper without
one is the cause's text), https://peps.python.org/pep-0654/, https://docs.python.org/3/library/exceptions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from telemetry.failures.fault import is_generic, one_line
from telemetry.spans.meaning import Failure
from telemetry.stacks import parsed_stack
from telemetry.stacks.frame import MAX_CAUSES, RaisedError

MODEL_CALL = "llm_call_failed"
# Wrappers whose message is always the same sentence: https://learn.microsoft.com/dotnet/api/
# system.reflection.targetinvocationexception, and Python's groups, whose message names the group.
SENTENCES = ("Exception has been thrown by the target of an invocation.",)


def spoken(failure: Failure) -> Failure:
    """Return the failure with class and message of the first exception of its chain that says something itself."""
    raised = parsed_stack(failure.stack) if failure.stack else None
    if raised is None or not (raised.cause or raised.members):
        return failure
    outermost = raised._replace(
        error_type=failure.error_type or raised.error_type, message=failure.message or raised.message
    )
    speaker = speaking(outermost)
    if speaker is outermost and not speaker.members:
        return failure
    error_type, message = (
        texts_of_group(speaker) if speaker.members else (speaker.error_type, speaker.message)
    )
    message = one_line(message) or error_type
    return replace(failure, error_type=error_type, message=message, depth=2 if " " in message.strip() else 1)


def named(failure: Failure) -> Failure:
    """Return the failure as people read it: `spoken`, and its root cause behind the message that does not tell it."""
    result = spoken(failure)
    raised = parsed_stack(failure.stack) if failure.stack and failure.signal_type != MODEL_CALL else None
    root = raised.chain()[-1] if raised and raised.cause else None
    if root is None or root.members or is_generic(root.error_type):
        return result
    is_told = root.error_type == result.error_type or (root.message or root.error_type) in result.message
    text = ": ".join(part for part in (root.error_type, root.message) if part)
    return result if is_told else replace(result, message=one_line(f"{result.message}: {text}"))


def speaking(raised: RaisedError) -> RaisedError:
    """Return the first exception of the chain that says more than its cause; a group where it has several members."""
    while True:
        inner = raised.cause
        if len({(member.error_type, member.message) for member in raised.members}) == 1:
            inner = raised.members[0]
        elif raised.members:
            return raised
        if inner is None or not (raised.members or says_nothing(raised, inner)):
            return raised
        raised = inner


def says_nothing(wrapper: RaisedError, inner: RaisedError) -> bool:
    """Whether the wrapper's message is missing, repeats what it wraps, or is a sentence for every cause."""
    message = wrapper.message.strip()
    if not inner.error_type:
        return False
    repeated = (inner.message, inner.error_type, f"{inner.error_type}: {inner.message}", wrapper.error_type)
    return not message or message in repeated or message in SENTENCES


def texts_of_group(group: RaisedError) -> tuple[str, str]:
    """Return the class of the group's first sub-exception and the messages of one of each class, by class."""
    by_type: dict[str, str] = {}
    for path in islice(root_paths(group), MAX_CAUSES):
        root = path[0]
        by_type[root.error_type] = min(root.message, by_type.get(root.error_type, root.message))
    first, *others = sorted(by_type.items())
    texts = [first[1] or first[0], *(": ".join(filter(None, each)) for each in others)]
    return first[0], "; ".join(texts)


def root_paths(raised: RaisedError) -> Iterator[list[RaisedError]]:
    """Yield each root cause with the exceptions around it, nearest first. A group is caused by its sub-exceptions."""
    chain = [raised]
    while not chain[-1].members and chain[-1].cause:
        chain.append(chain[-1].cause)
    around = chain[::-1]
    if not around[0].members:
        yield around
    for member in around[0].members:
        for path in root_paths(member):
            yield [*path, *around]
