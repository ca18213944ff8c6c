"""The same cause, the same number; another cause, another."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from dataclasses import replace

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.fingerprint import cluster_id, fingerprint, of_cluster_id, skeleton
from telemetry.meaning import Failure
from telemetry.operation import operation
from telemetry.span import Span
from telemetry.stacktrace import top_own_frame
from tests.telemetry.spans import CLIENTS, captured, labels

LOST = Failure(
    "error", "medium", "shop.OrderNotFound", "order 78840 not found in shard eu-6", "find shop/repo.py"
)
# An MCP server says no more than that the tool failed.
INDISTINCT = {("tool_error: RefundLimitExceeded", "invalid arguments (missing field)")}


def number(fault: Failure, service: str = "shop", work: str = "tool lookup_order") -> int:
    return fingerprint(service, work, fault)


def innermost(spans: list[Span]) -> dict[tuple[str, str], set[int]]:
    """Fingerprints of the failures below which nothing else failed, by service and operation."""
    found = {span.span_id: (span, conventions.read(span)) for span in spans}
    failed = {span_id: fault for span_id, pair in found.items() if (fault := failure(*pair))}
    failed = {span_id: fault for span_id, fault in failed.items() if fault.signal_type != "user_signal"}
    outer: set[bytes] = set()
    for span_id in failed:
        parent = found[span_id][0].parent_span_id
        while parent in found and parent not in outer:
            outer.add(parent)
            parent = found[parent][0].parent_span_id
    result: dict[tuple[str, str], set[int]] = defaultdict(set)
    for span_id in failed.keys() - outer:
        service, work = found[span_id][0].origin.service, operation(*found[span_id])
        result[service, work].add(fingerprint(service, work, failed[span_id]))
    return result


@pytest.mark.parametrize("client", CLIENTS)
def test_each_injected_kind_is_one_fingerprint_and_shares_it_with_none(client: str) -> None:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in captured(client):
        traces[span.trace_id.hex()].append(span)
    by_kind: dict[str, dict[tuple[str, str], set[int]]] = defaultdict(lambda: defaultdict(set))

    for trace_id, row in labels(client).items():
        for place, numbers in innermost(traces[trace_id]).items():
            by_kind[row["kind"]][place] |= numbers

    split = [kind for kind, places in by_kind.items() if any(len(numbers) > 1 for numbers in places.values())]
    owners: dict[int, set[str]] = defaultdict(set)
    for kind, places in by_kind.items():
        for numbers in places.values():
            for one in numbers:
                owners[one].add(kind)
    merged = {tuple(sorted(kinds)) for kinds in owners.values() if len(kinds) > 1}
    assert split == []
    assert {tuple(sorted(kinds)) for kinds in merged} <= {tuple(sorted(kinds)) for kinds in INDISTINCT}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 78840 not found in shard eu-6", "order 1 not found in shard eu-12"),
        ("refund of 265.15 EUR exceeds 50.00 EUR", "refund of 7 EUR exceeds 1,000.50 EUR"),
        ("no answer within 934 ms", "no answer within 1.2 s"),
        ("checkout 39263059f28c105d failed", "checkout 0b51dcb6-1c5a-4b2e-9d3c-5f0f6d8f2a11 failed"),
        ("limit in organization org-cc099a177064c2c on tpm", "limit in organization org-Zk3Xy91 on tpm"),
        ("(include the request ID req_3fc27219c1da69534048 in it)", "(include the request ID req_9 in it)"),
        ("carrier 503 for E85583674", "carrier 503 for W89918134"),
        ("mail to ann@example.test bounced", "mail to bob.b+x@mail.example.test bounced"),
        ("GET https://api.test/o/17?q=1 failed", "GET https://api.test/carts/x failed"),
        (
            "Max retries with url: /stock/SKU-590 (port=7999)",
            "Max retries with url: /stock/SKU-1 (port=8001)",
        ),
        ("error at /srv/app/a.py:12:5", "error at /srv/app/a.py:99:1"),
        ("invalid literal: 'x369'", "invalid literal: 'abc'"),
        ("bad row {'id': 7, 'name': 'x'}", "bad row {'id': 8, 'name': 'yy'}"),
        ("Expecting value: line 1 column 1 (char 0)", "Expecting value: line 20 column 3 (char 99)"),
        ("Card ****2028 declined", "Card ****9 declined"),
    ],
)
def test_what_varies_is_masked(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Cannot read properties of undefined (reading 'lines')",
            "Cannot read properties of undefined (reading 'cart')",
        ),
        ("Error code: 400 - bad", "Error code: 429 - bad"),
        ("HTTP 502", "HTTP 503"),
        ("status_code: 429, model_name: m, body: None", "status_code: 500, model_name: m, body: None"),
        ("'NoneType' object is not iterable", "'int' object is not iterable"),
        (
            "Error code: 400 - {'error': {'message': 'too long'}}",
            "Error code: 400 - {'error': {'message': 'no key'}}",
        ),
        ("GET https://api.test/a failed", "GET https://other.test/a failed"),
        ("order not found", "order not paid"),
    ],
)
def test_what_tells_bugs_apart_stays(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


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


def test_service_and_operation_are_part_of_it() -> None:
    assert len({number(LOST), number(LOST, service="web"), number(LOST, work="tool refund")}) == 3


def test_a_models_failure_does_not_depend_on_who_called_or_wrapped_it() -> None:
    plain = Failure(
        "llm_call_failed", "medium", "openai.RateLimitError", "Rate limit reached", "run app/a.py"
    )
    wrapped = replace(plain, error_type="langchain.OpenAIRateLimitError", frame="ask app/b.py")

    assert number(plain) == number(wrapped)


def test_complaints_of_users_are_one_cluster_whatever_they_wrote() -> None:
    complaint = Failure("user_signal", "low", "", "did not help me")

    assert number(complaint) == number(replace(complaint, message="wrong answer"))


@pytest.mark.parametrize(
    ("stack", "frame"),
    [
        ("TypeError: x\n    at orderTotal (/srv/app/src/orders.js:12:21)\n", "orderTotal src/orders.js"),
        (
            "TypeError: x\n    at a (/x/node_modules/y/z.js:1:2)\n    at async /srv/src/server.js:3:4",
            "src/server.js",
        ),
        ("E: x\n    at new D (node:internal/x:1:2)\n    at decode (<anonymous>)", ""),
        (
            "java.lang.X: m\n\tat java.util.Map.get(Map.java:1)\n\tat shop.Orders.total(Orders.java:9)",
            "shop.Orders.total Orders.java",
        ),
        (
            "System.X: m\n   at System.Linq()\n   at Shop.Cart.Total(Int32 id) in /src/Shop/Cart.cs:line 12",
            "Shop.Cart.Total Shop/Cart.cs",
        ),
        (
            "goroutine 1 [running]:\nmain.total(0x1)\n\t/app/shop/main.go:12 +0x1d\n",
            "main.total shop/main.go",
        ),
        (
            "/usr/lib/ruby/gems/3/gems/rack/a.rb:1:in `call'\n/app/models/order.rb:12:in `total'",
            "total models/order.rb",
        ),
        (
            "#0 /app/vendor/x/A.php(1): A->b()\n#1 /app/src/Order.php(12): Order->total()",
            "Order->total src/Order.php",
        ),
        ("nothing to see", ""),
    ],
)
def test_the_top_own_frame_has_no_line_and_is_no_librarys(stack: str, frame: str) -> None:
    assert top_own_frame(stack) == frame


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
