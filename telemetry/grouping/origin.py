"""
Where a failure was raised, by the frames of its root cause: what distinguishes bugs of one class and message.

From version 3 of fingerprints on. The frames are those of telemetry/stacks, whichever language wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from telemetry.failures.root_cause import root_paths
from telemetry.short_cache import cached_if_short
from telemetry.spans.meaning import Failure
from telemetry.stacks import parsed_stack
from telemetry.stacks.frame import LIBRARY, MAX_CAUSES, OWN, RUNTIME, TEST, UNKNOWN, RaisedError, StackFrame

JOINT = " < "  # between frames, innermost first
ROOTS = " + "  # between the root causes of a group
MAX_PATH = 60  # functions of a stack whose frames say nothing of their owners
FUNCTIONS_KNOWN = 4096
# Functions that only report a failure of their caller.
MESSENGER = re.compile(
    r"(?:Preconditions|Asserts?|Assertions|Validate|Objects|ThrowHelper)\.\w+$"
    r"|(?:^|[.:#>_-])(?:throw|raise|fail|report|panic|abort|assert|check|ensure|require|verify)(?:$|[A-Z_:])"
    r"|terminat|pthread_kill|^_*kill$|crashpad|gsignal|RaiseException|UnhandledException"
    r"|objc_exception|exceptionPreprocess|cxa_(?:re)?throw"
)
METHOD_OF_ERROR = re.compile(r"(?:Exception|Error)s?[.:#]{1,2}\S")


def origin_of_failure(failure: Failure) -> str:
    """
    Return the frames of the root cause that distinguish bugs, after its class where another exception wraps it; or "".

    The root causes of a group stand side by side in the order of their texts, each once.
    """
    raised = parsed_stack(failure.stack) if failure.stack else None
    if raised is None:
        return ""
    parts = {root_origin(path, failure) for path in islice(root_paths(raised), MAX_CAUSES)}
    return ROOTS.join(sorted(parts))


def root_origin(path: Sequence[RaisedError], failure: Failure) -> str:
    """Return the origin of a root cause, by its own frames or else by those of the exceptions around it."""
    root = path[0]
    depth = failure.depth if len(path) == 1 else depth_of(root.message)
    place = next((found for raised in path if (found := own_place(raised.frames, depth))), "")
    place = place or next((found for raised in path if (found := other_place(raised.frames, depth))), "")
    return f"{root.error_type.rpartition('.')[2]}: {place}" if len(path) > 1 else place


def depth_of(message: str) -> int:
    """Return how many frames identify the place: an exception with a sentence was thrown on purpose, by its caller."""
    return 2 if " " in message.strip() else 1


def own_place(frames: Sequence[StackFrame], depth: int) -> str:
    """Return the nearest own frames, among them functions whose owner is unknown; "" without an own frame."""
    candidates = [frame for frame in frames if frame.owner in (OWN, UNKNOWN)]
    telling = [frame for frame in candidates if not reports_only(frame.function)]
    if not any(frame.is_own for frame in telling):
        telling = candidates
    first_own = next((at for at, frame in enumerate(telling) if frame.is_own), None)
    return "" if first_own is None else joined_keys(telling[: max(depth, first_own + 1)])


def other_place(frames: Sequence[StackFrame], depth: int) -> str:
    """Return the functions of unknown owners, else the nearest frames of a library, of a test, or of the runtime."""
    if unknown := [frame for frame in frames if frame.owner == UNKNOWN]:
        return path_of_functions(unknown)
    for owner in (LIBRARY, TEST):
        of_owner = [frame for frame in frames if frame.owner == owner]
        if of_owner:
            telling = [frame for frame in of_owner if not reports_only(frame.function)] or of_owner
            return joined_keys(telling[:depth])
    return path_of_functions([frame for frame in frames if frame.owner == RUNTIME])


def path_of_functions(frames: Sequence[StackFrame]) -> str:
    """Return the frames, innermost first, each once, from the first that does more than report."""
    start = next((at for at, frame in enumerate(frames) if not reports_only(frame.function)), 0)
    return joined_keys(frames[start : start + MAX_PATH])


def joined_keys(frames: Iterable[StackFrame]) -> str:
    """Return the keys of the frames, each once."""
    return JOINT.join(dict.fromkeys(frame.key for frame in frames))


@cached_if_short(FUNCTIONS_KNOWN)
def reports_only(function: str) -> bool:
    """Whether the function only reports a failure of its caller, such as a method of an error's class."""
    last_word = function.rsplit(None, 1)[-1:] if not function[-1:].isspace() else []
    return bool(MESSENGER.search(function) or any(map(METHOD_OF_ERROR.search, last_word)))
