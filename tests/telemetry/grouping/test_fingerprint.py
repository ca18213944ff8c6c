"""The same cause, the same number; another cause, another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from telemetry.grouping.fingerprint import cluster_id, fingerprint, of_cluster_id
from telemetry.grouping.versions import FIRST, NEWEST, SECOND, GroupingRules
from telemetry.spans.meaning import Failure

FIND = "E: x\n    at find (/srv/shop/repo.py:1:2)\n"
LIST = "E: x\n    at list_orders (/srv/shop/repo.py:7:2)\n"
LOST = Failure("error", "medium", "shop.OrderNotFound", "order 78840 not found in shard eu-6", FIND)
NATIVE = "SIGABRT: x\n  at abort ()\n{}  at draw ()\n  at stage_update ()\n"


def number(
    fault: Failure, service: str = "shop", work: str = "tool lookup_order", rules: GroupingRules = NEWEST
) -> int:
    return fingerprint(service, work, fault, rules)


def crash(inner: str) -> Failure:
    """A native crash in what `draw` called."""
    return Failure("error", "medium", "SIGABRT", "", NATIVE.format(inner))


def test_other_numbers_for_old_failures_need_a_new_version() -> None:
    assert number(LOST, rules=FIRST) == -3490082938974737434
    assert number(LOST, rules=SECOND) == 3869729173727443028


PYTHON = 'Traceback (most recent call last):\n  File "/srv/shop/{0}.py", line 3, in {0}\n    x\n{1}\n'
STACKS = {
    PYTHON.format("first", "KeyError: 1")
    + "\nThe above exception was the direct cause of the following exception:\n\n"
    + PYTHON.format("second", "shop.Lost: order 3 is lost"): (-8058442233799617683, -5123837118215004333),
    "shop.E: x\n\tat java.util.List.get(List.java:1)\n\tat shop.Cart$1.lambda$total$2(Cart.java:9)\n"
    "Caused by: shop.F: y\n\tat shop.Stock.read(Stock.java:2)\n\t... 1 more\n": (
        -3977787044647605293,
        -6743210611606897950,
    ),
    "TypeError: x\n    at Object.total (/srv/app/src/orders.a1b2c3d4e5.js:12:21)\n    at node:internal/x:1:2\n"
    "    at async /srv/app/main.js:3:4": (566114605679147907, 651342430311678932),
    "System.X: m\n   at System.Linq()\n   at Shop.Cart.<Total>d__3.MoveNext() in /src/Shop/Cart.cs:line 12": (
        -846177656607231658,
        -5266821070300050428,
    ),
    "goroutine 1 [running]:\nmain.total(0x1)\n\t/app/shop/main.go:12 +0x1d\n": (
        -1310915758324900691,
        8221644822655233251,
    ),
    "/usr/lib/ruby/gems/3/gems/rack/a.rb:1:in `call'\n/app/models/order.rb:12:in `total'": (
        -6514019187038307528,
        8434219341078518545,
    ),
    "#0 /app/vendor/x/A.php(1): A->b()\n#1 /app/src/Order.php(12): Order->total()": (
        7782874885299341219,
        -658281533479775457,
    ),
    "SIGABRT: x\n  at abort ()\n  at gpusGenerateCrashLog ()\n  at draw ()\n  at stage_update ()\n": (
        2262814844704583947,
        -4711086165602606923,
    ),
    "total@https://shop.test/a.js:1:2\n": (466167025961471648, -1038781212500903874),
}


@pytest.mark.parametrize("stack", STACKS)
def test_projects_that_keep_an_earlier_version_keep_their_numbers(stack: str) -> None:
    failure = Failure("error", "medium", "shop.Lost", "order 3 is lost", stack, 2)

    numbers = tuple(number(failure, work="GET /orders", rules=rules) for rules in (FIRST, SECOND))

    assert numbers == STACKS[stack]
    assert number(failure, work="GET /orders") not in numbers


def test_ids_and_moved_modules_do_not_change_it() -> None:
    moved = replace(LOST, error_type="shop.errors.OrderNotFound", message="order 5 not found in shard us-1")

    assert number(moved) == number(LOST)


@pytest.mark.parametrize(
    "other",
    [
        replace(LOST, error_type="shop.OrderExpired"),
        replace(LOST, stack=LIST),
        replace(LOST, signal_type="tool_call_failed"),
        replace(LOST, message="order 78840 was deleted"),
    ],
)
def test_another_cause_is_another_number(other: Failure) -> None:
    assert number(other) != number(LOST)


def test_the_service_is_part_of_it() -> None:
    assert number(LOST) != number(LOST, service="web")


@pytest.mark.parametrize("fault", [LOST, replace(LOST, stack=""), replace(LOST, message="boom")])
def test_a_cause_that_is_told_well_is_the_same_in_every_operation(fault: Failure) -> None:
    assert number(fault) == number(fault, work="tool refund")


@pytest.mark.parametrize("message", ["HTTP 503", "tool_error", "Connection refused", "not found", "timeout"])
def test_what_any_operation_may_answer_is_told_by_the_operation(message: str) -> None:
    common = Failure("error", "medium", "", message)

    assert number(common) != number(common, work="tool refund")


def test_a_tools_own_error_is_the_same_with_a_stack_and_without() -> None:
    raised = replace(LOST, signal_type="tool_call_failed")

    assert number(raised) == number(replace(raised, stack=""))


def test_a_class_of_the_language_is_told_by_its_frame() -> None:
    raised = replace(LOST, signal_type="tool_call_failed", error_type="ValueError")

    assert number(raised) != number(replace(raised, stack=LIST))


def test_a_models_failure_does_not_depend_on_who_called_or_wrapped_it() -> None:
    plain = Failure("llm_call_failed", "medium", "openai.RateLimitError", "Rate limit reached", FIND)
    wrapped = replace(plain, error_type="langchain.OpenAIRateLimitError", stack=LIST)

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
        "from telemetry.grouping.fingerprint import fingerprint\n"
        "from telemetry.spans.meaning import Failure\n"
        "from telemetry.grouping.versions import NEWEST\n"
        f"print(fingerprint('shop', 'tool lookup_order', {LOST!r}, NEWEST))"
    )

    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert printed == {f"{number(LOST)}\n".encode()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "  at gpusGenerateCrashLog ()\n  at glrATI_Submit ()\n  at glDeleteTextures_Exec ()\n",
            "  at intelSubmitCommands ()\n",
        ),
        (
            "  at ImageLoaderMachO::doModInitFunctions ()\n  at dyld::runInitializers ()\n",
            "  at dlopen_internal ()\n",
        ),
        ("  at std::__1::thread::~thread ()\n", ""),
    ],
)
def test_from_version_2_on_a_native_crash_is_the_same_on_every_machine(one: str, other: str) -> None:
    assert number(crash(one)) == number(crash(other))
    assert number(crash(one), rules=FIRST) != number(crash(other), rules=FIRST)


def test_a_native_crash_with_nothing_but_plumbing_is_told_by_it() -> None:
    only = [
        Failure("error", "medium", "", "", f"E: x\n  at {name} ()\n")
        for name in ("glFlush", "dlopen_internal")
    ]

    assert number(only[0]) != number(only[1])


def test_other_callers_of_the_platform_are_other_crashes() -> None:
    drawn = crash("  at glFlush ()\n")

    assert number(drawn) != number(replace(drawn, stack=drawn.stack.replace("draw", "resize")))


@pytest.mark.parametrize("value", [1, -1, (1 << 63) - 1, -(1 << 63), number(LOST)])
def test_a_cluster_id_leads_back_to_its_fingerprint(value: int) -> None:
    assert of_cluster_id(cluster_id(value)) == value


@pytest.mark.parametrize(
    "text", ["", "clu_", "clu_123", "clu_00000000000000zz", "rec_0000000000000001", "clu_000000000000000A"]
)
def test_other_text_is_no_cluster(text: str) -> None:
    assert of_cluster_id(text) is None
