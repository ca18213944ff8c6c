"""What a stack says, in short."""

from __future__ import annotations

from telemetry.failures.code_location import of_stack
from telemetry.grouping.origin import origin_of_failure
from telemetry.spans.meaning import Failure
from telemetry.stacks import parsed_stack


def owners(stack: str) -> list[tuple[str, str]]:
    """Function and owner of each frame of the exception that left, nearest to the failure first."""
    raised = parsed_stack(stack)
    return [(frame.function, frame.owner) for frame in raised.frames] if raised else []


def chain(stack: str) -> list[tuple[str, str]]:
    """Class and message of each exception of the chain, from the one that left to the root cause."""
    raised = parsed_stack(stack)
    return [(each.error_type, each.message) for each in raised.chain()] if raised else []


def origin(stack: str, depth: int = 1) -> str:
    """Where the failure was raised, as fingerprints compare it."""
    return origin_of_failure(Failure("error", "medium", "E", "m", stack, depth))


def shown(stack: str) -> str:
    """The location that people see."""
    return str(of_stack(stack))
