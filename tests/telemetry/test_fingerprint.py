"""The same cause, the same number; another cause, another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from telemetry.fingerprint import VERSION, cluster_id, fingerprint, of_cluster_id
from telemetry.meaning import Failure

LOST = Failure(
    "error", "medium", "shop.OrderNotFound", "order 78840 not found in shard eu-6", "find shop/repo.py"
)


def number(fault: Failure, service: str = "shop", work: str = "tool lookup_order") -> int:
    return fingerprint(service, work, fault)


def test_other_numbers_for_old_failures_need_a_new_version() -> None:
    assert (VERSION, number(LOST)) == (1, -3490082938974737434)


def test_ids_and_moved_modules_do_not_change_it() -> None:
    moved = replace(LOST, error_type="shop.errors.OrderNotFound", message="order 5 not found in shard us-1")

    assert number(moved) == number(LOST)


@pytest.mark.parametrize(
    "other",
    [
        replace(LOST, error_type="shop.OrderExpired"),
        replace(LOST, frame="list_orders shop/repo.py"),
        replace(LOST, signal_type="tool_call_failed"),
        replace(LOST, message="order 78840 was deleted"),
    ],
)
def test_another_cause_is_another_number(other: Failure) -> None:
    assert number(other) != number(LOST)


def test_the_service_is_part_of_it() -> None:
    assert number(LOST) != number(LOST, service="web")


@pytest.mark.parametrize("fault", [LOST, replace(LOST, frame=""), replace(LOST, message="boom")])
def test_a_cause_that_is_told_well_is_the_same_in_every_operation(fault: Failure) -> None:
    assert number(fault) == number(fault, work="tool refund")


@pytest.mark.parametrize("message", ["HTTP 503", "tool_error", "Connection refused", "not found", "timeout"])
def test_what_any_operation_may_answer_is_told_by_the_operation(message: str) -> None:
    common = Failure("error", "medium", "", message)

    assert number(common) != number(common, work="tool refund")


def test_a_tools_own_error_is_the_same_with_a_stack_and_without() -> None:
    raised = replace(LOST, signal_type="tool_call_failed")

    assert number(raised) == number(replace(raised, frame=""))


def test_a_class_of_the_language_is_told_by_its_frame() -> None:
    raised = replace(LOST, signal_type="tool_call_failed", error_type="ValueError")

    assert number(raised) != number(replace(raised, frame="list_orders shop/repo.py"))


def test_a_models_failure_does_not_depend_on_who_called_or_wrapped_it() -> None:
    plain = Failure(
        "llm_call_failed", "medium", "openai.RateLimitError", "Rate limit reached", "run app/a.py"
    )
    wrapped = replace(plain, error_type="langchain.OpenAIRateLimitError", frame="ask app/b.py")

    assert number(plain) == number(wrapped)


def test_complaints_of_users_are_one_cluster_whatever_they_wrote() -> None:
    complaint = Failure("user_signal", "low", "", "did not help me")

    assert number(complaint) == number(replace(complaint, message="wrong answer"))


@pytest.mark.parametrize("fault", [LOST, replace(LOST, message=""), replace(LOST, message="\ud800")])
def test_it_fits_a_signed_64_bit_column_and_is_never_zero(fault: Failure) -> None:
    assert -(1 << 63) <= number(fault) < 1 << 63
    assert number(fault) != 0


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "from telemetry.fingerprint import fingerprint\n"
        "from telemetry.meaning import Failure\n"
        f"print(fingerprint('shop', 'tool lookup_order', {LOST!r}))"
    )

    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert printed == {f"{number(LOST)}\n".encode()}


@pytest.mark.parametrize("value", [1, -1, (1 << 63) - 1, -(1 << 63), number(LOST)])
def test_a_cluster_id_leads_back_to_its_fingerprint(value: int) -> None:
    assert of_cluster_id(cluster_id(value)) == value


@pytest.mark.parametrize(
    "text", ["", "clu_", "clu_123", "clu_00000000000000zz", "rec_0000000000000001", "clu_000000000000000A"]
)
def test_other_text_is_no_cluster(text: str) -> None:
    assert of_cluster_id(text) is None
