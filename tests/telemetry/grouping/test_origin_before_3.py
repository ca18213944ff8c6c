"""The nearest frame of the application's own code, in the formats of nine runtimes."""

from __future__ import annotations

import time

import pytest

from telemetry.grouping.origin_before_3 import failure_origin, frames


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
    own = [str(one) for one in frames(stack) if one.is_own]

    assert next(iter(own), "") == frame


JVM = "\tat java.util.ArrayList.get(ArrayList.java:1)\n"
OWN = "\tat shop.Cart.total(Cart.java:9)\n"


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (f"E: x\n{JVM}{OWN}", "shop.Cart.total Cart.java"),
        (f"E: x\n\tat shop.Guard.failNow(Guard.java:3)\n{OWN}", "shop.Cart.total Cart.java"),
        (f"E: x\n\tat shop.CartException.of(CartException.java:3)\n{OWN}", "shop.Cart.total Cart.java"),
        (
            f"E: x\n{OWN}Caused by: F: y\n\tat shop.Stock.read(Stock.java:2)\n\t... 1 more\n",
            "shop.Stock.read Stock.java",
        ),
        (f"E: x\n{OWN}Caused by: F: y\n\t... 1 more\n", "shop.Cart.total Cart.java"),
        (
            f"E: x\n{JVM}\tat org.apache.http.Pool.lease(Pool.java:8)\n",
            "org.apache.http.Pool.lease Pool.java",
        ),
        ("E: x\n  at abort ()\n  at draw ()\n  at gl_flush ()\n", "draw < gl_flush"),
        ("E: x\n at [Source: a.json; line 1] (of a.B)\n" + OWN, "shop.Cart.total Cart.java"),
        (f"E: x\n{JVM}", "java.util.ArrayList.get"),
        ("nothing to see", ""),
    ],
)
def test_a_failure_is_placed_where_the_innermost_telling_code_stood(stack: str, place: str) -> None:
    assert failure_origin(stack, 1, skips_platform_frames=True) == place


def test_the_caller_tells_more_of_what_was_thrown_on_purpose() -> None:
    stack = f"E: x\n{OWN}{JVM}\tat shop.Orders.pay(Orders.java:4)\n"

    assert (
        failure_origin(stack, 2, skips_platform_frames=True)
        == "shop.Cart.total Cart.java < shop.Orders.pay Orders.java"
    )


@pytest.mark.parametrize(
    "piece", ["a", "at x() in ", "   at (", "\n", "'", "x@", "/a.js:1:2", "a.b:", 'File "', "\nCaused by: "]
)
def test_a_hostile_stack_takes_no_time(piece: str) -> None:
    started = time.process_time()

    failure_origin(piece * 100_000, 1, skips_platform_frames=True)

    assert time.process_time() - started < 1  # a square would take minutes
