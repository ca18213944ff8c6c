"""Clojure: one function is told alike by Java, by its own tools and as data."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown

JAVA = (
    "clojure.lang.ExceptionInfo: no id\n\tat clojure.core$map$fn__5862.invoke(core.clj:2744)\n"
    "\tat market.basket${name}.invoke(basket.clj:14)\n\tat ring.middleware.params$wrap_params$fn__2.invoke(para"
    "ms.clj:60)\n"
)
PRINTED = (
    "clojure.lang.ExceptionInfo: no id\n{:a 1}\n at clojure.core$map$fn__5862.invoke (core.clj:2744)\n"
    "    market.basket${name}.invoke (basket.clj:14)\n    ring.middleware.params$wrap_params$fn__2.invoke (para"
    "ms.clj:60)\n"
)
DATA = (
    '{:via [{:type clojure.lang.ExceptionInfo\n   :message "no id"\n'
    '   :at [clojure.lang.Util runtimeException "Util.java" 221]}]\n'
    ' :trace [[clojure.core$map$fn__5862 invoke "core.clj" 2744]\n  [market.basket${name} invoke "basket.clj" 14]\n'
    '  [ring.middleware.params$wrap_params$fn__2 invoke\n   "params.clj" 60]]}\n'
)
FORMS = pytest.mark.parametrize("form", [JAVA, PRINTED, DATA], ids=["java", "printed", "data"])


def named(form: str, name: str) -> str:
    """The stack with the compiled name of the function."""
    return form.replace("{name}", name)


@FORMS
@pytest.mark.parametrize("name", ["add_item_BANG_", "add_item_BANG_$fn__123", "add_item_BANG___41$reify__7"])
def test_one_function_is_told_alike(form: str, name: str) -> None:
    stack = named(form, name)

    assert origin(stack) == "market.basket/add-item!"
    assert shown(stack) == "market.basket/add-item! basket.clj:14"
    assert [owner for _, owner in owners(stack)] == ["runtime", "own", "library"]
    assert chain(stack) == [("clojure.lang.ExceptionInfo", "no id")]


@FORMS
def test_two_functions_are_two_bugs(form: str) -> None:
    assert origin(named(form, "add_item")) != origin(named(form, "total"))


@pytest.mark.parametrize(
    ("compiled", "written"),
    [
        ("valid_QMARK_", "market.basket/valid?"),
        ("_GT_item", "market.basket/>item"),
        ("fn__99", "market.basket/fn"),
        ("eval12", "market.basket/eval"),
    ],
)
def test_names_are_brought_to_the_written_ones(compiled: str, written: str) -> None:
    assert origin(named(JAVA, compiled)) == written


def test_a_namespace_of_tests_is_a_test() -> None:
    assert owners("x.E: m\n\tat market.basket_test$fn__99.invoke(basket_test.clj:8)\n") == [
        ("market.basket-test/fn", "test")
    ]


def test_causes_that_its_tools_print_are_causes() -> None:
    stack = f"{named(PRINTED, 'add')}Caused by: java.lang.Error: no shelf\n at market.shelf$find.invoke (shelf.clj:3)\n"

    assert chain(stack)[1:] == [("java.lang.Error", "no shelf")]
    assert origin(stack) == "Error: market.shelf/find"
