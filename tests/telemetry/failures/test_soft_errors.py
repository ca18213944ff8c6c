"""What tools tell of failures in plain text, and what only sounds like it."""

from __future__ import annotations

import time

import pytest

from telemetry.failures.soft_errors import soft_error_in

TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/shop/cart.py", line 3, in total\n    x()\n'


@pytest.mark.parametrize(
    ("text", "error_type", "message"),
    [
        ("Error: cart c_7 is empty", "", "Error: cart c_7 is empty"),
        ("\n  ERROR - no stock left\nmore", "", "ERROR - no stock left"),
        ("[error]: no stock", "", "[error]: no stock"),
        ("❌ Error: no stock", "", "❌ Error: no stock"),
        ("Error executing tool refund: limit", "", "Error executing tool refund: limit"),
        ("An unexpected error occurred: boom", "", "An unexpected error occurred: boom"),
        ("Failed to open cart", "", "Failed to open cart"),
        ("Tool execution failed", "", "Tool execution failed"),
        ("KeyError: 'sku'", "KeyError", "'sku'"),
        ("shop.errors.CartError: empty", "shop.errors.CartError", "empty"),
        (f"{TRACEBACK}shop.CartEmpty: c_7", "shop.CartEmpty", "c_7"),
        (f"Output:\n{TRACEBACK}ValueError: bad", "ValueError", "bad"),
        ("exitcode: 2 (failed)\nout: no such cart", "exit code 2", "out: no such cart"),
        ("line one\nno such cart\nProcess exited with code 127", "exit code 127", "no such cart"),
        ("503 Server Error: busy for url: https://shop.test", "", "503 Server Error: busy for url: https://shop.test"),
        ("HTTP 404 for /carts/7", "", "HTTP 404 for /carts/7"),
        ("Address: https://shop.test\nTitle: Error 403\n...", "403", "HTTP 403"),
    ],
)  # fmt: skip
def test_a_failure_that_is_told_is_found(text: str, error_type: str, message: str) -> None:
    fault = soft_error_in(text)

    assert fault is not None
    assert (fault.error_type, fault.message) == (error_type, message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "Cart c_7: 3 items, no errors",
        "Error handling in Python: a tutorial",
        "Errors and exceptions are explained here",
        "exitcode: 0 (succeeded)\nThe word error: is in here",
        "Process exited with code 0",
        "The log of yesterday: Error: disk full, since solved",
        "Results:\n1. How to fix KeyError: 'x' in your code",
        "An error budget is what a service may fail",
        "404 items found",
        "Title: 500 Days of Summer, a film",
        "Failedtooltip is a word",
    ],
)
def test_what_only_speaks_of_errors_is_a_result(text: str) -> None:
    assert soft_error_in(text) is None


@pytest.mark.parametrize(
    "piece", ["a", "error ", "[", "A.", "Title ", "exit code ", "a" * 39 + " ", "\n", "-"]
)
def test_a_hostile_result_takes_no_time(piece: str) -> None:
    started = time.process_time()

    soft_error_in(piece * 100_000)

    assert time.process_time() - started < 1  # a square would take minutes
