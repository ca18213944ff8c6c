"""JavaScript in every engine: one bug is told alike, engine code is none of it, builds do not count."""

from __future__ import annotations

import pytest

from telemetry.stacks.languages.bundle_names import stable_name
from tests.telemetry.stacks.told import chain, origin, owners, shown

WEB = "https://cart.example/js/basket.js"
V8 = f"TypeError: x\n    at Array.map (<anonymous>)\n    at Basket.sum ({WEB}:9:14)\n    at async {WEB}:2:1\n"


@pytest.mark.parametrize(
    "stack",
    [
        f"sum@{WEB}:9:14\n",
        f"map@[native code]\nsum@{WEB}:9:14\n",
        f"[native code]\nsum@{WEB}:9:14\n@{WEB}:1:1\n",
        f"Basket.prototype.sum@{WEB}:9:14\n",
        f"async*sum@{WEB}:9:14\n",
        f"promise callback*sum@{WEB}:9:14\nsetTimeout handler*start@{WEB}:1:1",
        f"TypeError: x\n    at sum (address at {WEB}:9:14)\n    at forEach (native)\n    ... skipping 3 frames",
        f"TypeError: x\n    at Basket.sum [as total] ({WEB}:9:14)",
        f"TypeError: x\n    at async Basket.sum ({WEB}:9:14)",
        f"TypeError: x\n    at new sum ({WEB}:9:14)",
        f"TypeError: x\n    at eval (eval at sum ({WEB}:9:14), <anonymous>:1:1)\n    at sum ({WEB}:9:14)".replace(
            "at eval (eval at sum", "at sum (eval at sum"
        ),
        f"sum@{WEB} line 9 > eval:1:1\n",
    ],
)
def test_one_function_is_told_alike_by_every_engine(stack: str) -> None:
    assert origin(stack) == origin(V8) == "sum js/basket.js"


@pytest.mark.parametrize(
    "name", ["{}/<", "{}</<", "Object.<anonymous>", "<anonymous>", "anonymous", "global code", ""]
)
def test_a_function_without_a_name_is_told_by_its_file(name: str) -> None:
    assert origin(f"{name.format('sum')}@{WEB}:9:14\n") == "js/basket.js"


def test_the_location_has_the_line_and_the_file_as_sent() -> None:
    assert shown(V8) == f"Basket.sum {WEB}:9"
    assert shown(f"@[native code]\n@{WEB}:4:2\n") == f"{WEB}:4"


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/srv/app/src/cart.ts", "own"),
        ("file:///C:/app (x86)/cart.mjs", "own"),
        ("capacitor://localhost/assets/main.js", "own"),
        ("webpack:///./src/cart.vue", "own"),
        ("node:internal/process/task_queues", "runtime"),
        ("internal/modules/cjs/loader.js", "runtime"),
        ("events.js", "runtime"),
        ("ext:core/01_core.js", "runtime"),
        ("webpack/bootstrap", "runtime"),
        ("InternalBytecode.js", "runtime"),
        ("/srv/app/node_modules/got/dist/index.js", "library"),
        ("webpack-internal:///./node_modules/react/index.js", "library"),
        ("https://unpkg.com/vue@3.4.1/dist/vue.js", "library"),
        ("https://cart.example/js/vendors~main.4ac1f0b2.js", "library"),
        ("https://cart.example/js/chunk-vendors.js", "library"),
        ("https://cart.example/react-dom.production.min.js", "library"),
        ("moz-extension://5e1f/content.js", "library"),
        ("/srv/app/src/cart.test.ts", "test"),
        ("/srv/app/src/__mocks__/api.js", "test"),
    ],
)
def test_whose_code_a_file_is(file: str, owner: str) -> None:
    assert owners(f"Error: x\n    at pay ({file}:3:4)\n") == [("pay", owner)]


@pytest.mark.parametrize(
    ("names", "stable"),
    [
        (("index-BfK2x_9Q", "index-C3tRq-Lm", "index-DaVrWQeT"), "index-*"),
        (("main.5c8e1f", "main.00ab3", "main.5c8e1f0a5c8e1f0a5c8e"), "main.*"),
        (("chunk-K7PQXR2A", "chunk-ZZXYWVUT"), "chunk-*"),
        (("1832.77ac0f", "90.1b2c3d4e"), "*.*"),
        (("component---src-pages-cart-js-0a1b2c3d4e5f60718293",), "component---src-pages-cart-js-*"),
        (("BfK2x9Qz", "C3tRqLm7"), "*"),
    ],
)
def test_a_hash_in_a_files_name_does_not_count(names: tuple[str, ...], stable: str) -> None:
    assert {stable_name(name) for name in names} == {stable}


@pytest.mark.parametrize(
    "name",
    [
        "cart-payments", "cart-shipping", "Checkout", "OrderApi", "order-details", "useCart2", "step3", "es2015",
        "decade", "facade", "my-cart.service", "base64", "cart_item", "index", "vue-router.global", "UserMenu",
    ],
)  # fmt: skip
def test_a_name_that_somebody_chose_stays(name: str) -> None:
    assert stable_name(name) == name


def test_letters_alone_are_a_hash_in_a_folder_of_builds_only() -> None:
    assert stable_name("CxqVvxDe", "/_nuxt") == "*"
    assert stable_name("OrderApi", "/src/services") == "OrderApi"


def test_short_names_of_a_minifier_do_not_count_in_a_build() -> None:
    first, second = (
        f"E: x\n    at {name} (https://a.example/assets/app-{hash_}.js:1:90)"
        for name, hash_ in (("t", "BfK2x_9Q"), ("ne", "C3tRq-Lm"))
    )

    assert origin(first) == origin(second)
    assert origin(first) != origin("E: x\n    at t (https://a.example/assets/other-BfK2x_9Q.js:1:90)")


def test_hosts_and_queries_do_not_count() -> None:
    first = "E: x\n    at pay (https://preview-81.example/js/cart.js?v=4:3:4)"

    assert origin(first) == origin("E: x\n    at pay (http://localhost:5173/js/cart.js:8:1)")


def test_a_cause_that_node_prints_is_the_root() -> None:
    stack = (
        "Error: order failed\n    at pay (/srv/app/pay.js:3:4)\n    at main (/srv/app/main.js:1:1) {\n"
        "  [cause]: RangeError: no stock\n      at take (/srv/app/stock.js:7:2)\n}\n"
    )

    assert chain(stack) == [("Error", "order failed"), ("RangeError", "no stock")]
    assert origin(stack) == "RangeError: take app/stock.js"


def test_an_address_in_a_message_is_no_frame() -> None:
    assert owners("Error: could not reach\nroot@db1:5432\n") == []
