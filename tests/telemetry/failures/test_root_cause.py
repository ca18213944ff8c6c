"""What a wrapper says: its own words where it has any, else those of what it wraps."""

from __future__ import annotations

import pytest

from telemetry.failures.root_cause import named, spoken
from telemetry.spans.meaning import Failure

ROOT = "Caused by: net.acme.NoFuel: tank 4 is empty\n\tat net.acme.Tank.draw(Tank.java:3)\n"


def wrapped(error_type: str, message: str, stack: str = ROOT, signal: str = "error") -> Failure:
    """A failure whose exception wraps the root."""
    head = f"{error_type}: {message}" if message else error_type
    return Failure(
        signal, "medium", error_type, message, f"{head}\n\tat net.acme.Van.drive(Van.java:8)\n{stack}"
    )


@pytest.mark.parametrize(
    "message",
    ["", "net.acme.NoFuel: tank 4 is empty", "tank 4 is empty", "net.acme.NoFuel", "java.lang.Wrapper"],
)
def test_a_wrapper_without_words_of_its_own_is_what_it_wraps(message: str) -> None:
    result = spoken(wrapped("java.lang.Wrapper", message))

    assert (result.error_type, result.message) == ("net.acme.NoFuel", "tank 4 is empty")


def test_a_wrapper_with_words_of_its_own_keeps_them_and_names_the_root_behind_them() -> None:
    failure = wrapped("net.acme.Late", "the van is late")

    assert spoken(failure) == failure
    assert named(failure).message == "the van is late: net.acme.NoFuel: tank 4 is empty"
    assert named(failure).error_type == "net.acme.Late"


@pytest.mark.parametrize(
    "message", ["the van is late: tank 4 is empty", "late (net.acme.NoFuel: tank 4 is empty)"]
)
def test_a_message_that_tells_the_root_is_left_alone(message: str) -> None:
    assert named(wrapped("net.acme.Late", message)).message == message


def test_the_answer_of_a_model_provider_is_left_alone() -> None:
    failure = wrapped("net.acme.RateLimit", "too many requests", signal="llm_call_failed")

    assert named(failure) == failure


@pytest.mark.parametrize("stack", ["", "no stack", "E: x\n\tat net.acme.Van.drive(Van.java:8)\n"])
def test_a_failure_without_a_chain_is_left_alone(stack: str) -> None:
    failure = Failure("error", "medium", "", "", stack)

    assert named(failure) == spoken(failure) == failure


GROUP = (
    '  + Exception Group Traceback (most recent call last):\n  |   File "/srv/run.py", line 4, in run\n'
    "  | ExceptionGroup: all failed (3 sub-exceptions)\n  +-+---------------- 1 ----------------\n"
    "    | ValueError: bad date\n    +---------------- 2 ----------------\n    | OSError: disk {}\n"
    "    +---------------- 3 ----------------\n    | OSError: disk 7\n    +------------------------------------\n"
)


def test_a_group_is_its_classes_in_their_order_each_once() -> None:
    failure = Failure("error", "medium", "ExceptionGroup", "all failed (3 sub-exceptions)", GROUP.format(3))

    result = named(failure)

    assert (result.error_type, result.message) == ("OSError", "disk 3; ValueError: bad date")


def test_a_group_of_one_is_its_member() -> None:
    stack = GROUP.replace("ValueError: bad date", "OSError: disk 7").format(7)

    result = named(Failure("error", "medium", "ExceptionGroup", "all failed", stack))

    assert (result.error_type, result.message) == ("OSError", "disk 7")
