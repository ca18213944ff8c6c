"""Crystal, Haskell, Julia, OCaml, Zig and Clojure in the forms that logs, test runners and newer versions give."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin

PLACES = {
    "a named fiber": (
        "Unhandled exception in spawn(name: worker 3): no shelf 7 (Market::Lost)\n"
        "  from src/market/basket.cr:14:5 in 'add'\n  from /usr/share/crystal/src/fiber.cr:146:11 in 'run'\n",
        ("Market::Lost", "no shelf 7"),
        "add market/basket.cr",
    ),
    "a place of Crystal without a column": (
        'Missing hash key: "id" (KeyError)\n  from lib/db/src/db/pool.cr:20:3 in \'checkout\'\n'
        "  from src/market/basket.cr:14 in 'add'\n",
        ("KeyError", 'Missing hash key: "id"'),
        "add market/basket.cr",
    ),
    "GHC 9.12": (
        "market: Uncaught exception ghc-internal:GHC.Internal.Exception.ErrorCall:\n\nno id\n\n"
        "HasCallStack backtrace:\n  error, called at src/Market/Basket.hs:14:10 in market-0.3-inplace:Market.Basket\n"
        "  add, called at app/Main.hs:7:3 in market-0.3-inplace:Main\n",
        ("ErrorCall", "no id"),
        "Market.Basket.add",
    ),
    "GHCi": (
        "*** Exception: no id\nCallStack (from HasCallStack):\n"
        "  error, called at src/Market/Basket.hs:14:10 in main:Market.Basket\n",
        ("", "no id"),
        "Market.Basket",
    ),
    "GHC's info tables": (
        "market: Uncaught exception market-0.1-inplace:Market.Types.Lost:\n\nLost 7\n\nIPE backtrace:\n"
        "  Market.Basket.add (src/Market/Basket.hs:14:3-20)\n  Main.main (app/Main.hs:(5,1)-(9,3))\n",
        ("Lost", "Lost 7"),
        "Market.Basket.add",
    ),
    "a log record of Julia": (
        "┌ Error: could not add\n│   exception =\n│    KeyError: key :id not found\n│    Stacktrace:\n"
        "│     [1] getindex(h::Dict{Symbol, Int64}, key::Symbol)\n│       @ Base ./dict.jl:498\n"
        "│     [2] add(item::Item)\n│       @ Main.Market ~/market/src/basket.jl:14\n"
        "└ @ Main.Market ~/market/src/serve.jl:9\n",
        ("KeyError", "key :id not found"),
        "add src/basket.jl",
    ),
    "a value of Julia's DomainError": (
        "ERROR: LoadError: DomainError with -1.0:\nsqrt was called with a negative real argument\nStacktrace:\n"
        " [1] throw_complex_domainerror(f::Symbol, x::Float64)\n   @ Base.Math ./math.jl:33\n"
        " [2] add(x::Float64)\n   @ Main ~/market/src/basket.jl:14\nin expression starting at /srv/run.jl:20\n",
        ("DomainError", "-1.0"),
        "add src/basket.jl",
    ),
    "another process of Julia": (
        "ERROR: On worker 2:\nKeyError: key :id not found\nStacktrace:\n  [1] add(item::Item)\n"
        "    @ Main ~/market/src/basket.jl:14\n",
        ("KeyError", "key :id not found"),
        "add src/basket.jl",
    ),
    "a monitor of Async": (
        '(monitor.ml.Error (Failure "no id")\n'
        ' ("Raised at Stdlib.failwith in file \\"stdlib.ml\\", line 29, characters 17-33"\n'
        '  "Called from Market__Basket.add in file \\"src/basket.ml\\", line 14, characters 4-20"\n'
        '  "Caught by monitor main"))\n',
        ("Failure", "no id"),
        "Market.Basket.add src/basket.ml",
    ),
    "dune": (
        'Error: exception Sys_error("a.gen: No such file")\nBacktrace:\n'
        'Raised by primitive operation at file "stdlib.ml", line 390, characters 28-54\n'
        'Called from file "src/basket.ml", line 14, characters 17-37\n',
        ("Sys_error", "a.gen: No such file"),
        "src/basket.ml",
    ),
    "an effect of OCaml": (
        "Fatal error: exception Stdlib.Effect.Unhandled(Market.Basket.Ask(7))\n"
        'Raised at Market__Basket.add in file "src/basket.ml", line 14, characters 4-20\n',
        ("Unhandled", "Market.Basket.Ask(7)"),
        "Market.Basket.add src/basket.ml",
    ),
    "a signal in Zig": (
        "Segmentation fault at address 0x0\n/srv/market/src/basket.zig:14:18: 0x10359b3 in add (market)\n"
        "        total += item.*;\n                 ^\n",
        ("", "Segmentation fault at address 0x0"),
        "add src/basket.zig",
    ),
    "an allocator of Zig": (
        "error(gpa): memory address 0x7f3a40a0 leaked: \n"
        "/srv/market/src/basket.zig:14:18: 0x10359b3 in add (market)\n    const item = try a.create(Item);\n",
        ("", "memory address 0x7f3a40a0 leaked:"),
        "add src/basket.zig",
    ),
    "a test runner of Zig": (
        "1/1 basket.test.adds... thread 356 panic: index out of bounds: index 10, len 4\n"
        "/srv/market/src/basket.zig:14:10: 0x2119c6 in add (test)\n    slice[10] += 1;\n         ^\n",
        ("", "index out of bounds: index 10, len 4"),
        "add src/basket.zig",
    ),
    "Zig on Windows": (
        "thread 1232 panic: attempt to use null value\n"
        "C:\\market\\src\\basket.zig:14:18: 0x7ff6a1b2 in add (market.exe.obj)\n    return item.?;\n"
        "               ^\n???:?:?: 0x7ffd in ??? (KERNEL32.DLL)\n",
        ("", "attempt to use null value"),
        "add src/basket.zig",
    ),
    "Clojure's pst": (
        'NullPointerException Cannot invoke "Object.getClass()" because "x" is null\n'
        "\tclojure.lang.Numbers.ops (Numbers.java:1099)\n\tmarket.basket/add-item! (basket.clj:14)\n"
        "\tmarket.basket/eval3 (NO_SOURCE_FILE:1)\n\tclojure.main/repl/fn--9257 (main.clj:459)\n",
        ("NullPointerException", 'Cannot invoke "Object.getClass()" because "x" is null'),
        "market.basket/add-item!",
    ),
    "a function inside another in pst": (
        "ExceptionInfo no id {:order 7}\n\tmarket.basket/add-item!/fn--99 (basket.clj:14)\n"
        "\tring.middleware.params/wrap-params/fn--2 (params.clj:60)\n",
        ("ExceptionInfo", "no id {:order 7}"),
        "market.basket/add-item!",
    ),
    "Babashka": (
        "----- Error ------\nType:     java.lang.ArithmeticException\nMessage:  Divide by zero\n"
        "Location: /srv/market/basket.clj:14:3\n\n----- Stack trace -----\nclojure.core//         - <built-in>\n"
        "market.basket/add-item! - /srv/market/basket.clj:14:3\nuser - /srv/market/main.clj:3:1\n",
        ("java.lang.ArithmeticException", "Divide by zero"),
        "market.basket/add-item!",
    ),
}  # fmt: skip
every_form = pytest.mark.parametrize("form", PLACES)


@every_form
def test_the_failure_and_the_own_function_are_told(form: str) -> None:
    stack, told, place = PLACES[form]

    assert (chain(stack)[0], origin(stack)) == (told, place)


@every_form
def test_two_functions_are_two_places(form: str) -> None:
    stack, _, place = PLACES[form]

    other = stack.replace("add", "total").replace("asket", "helf")

    assert origin(other) not in ("", place)


@every_form
def test_a_sentence_about_it_is_no_stack(form: str) -> None:
    stack, _, _ = PLACES[form]

    assert origin(" and then ".join(stack.split("\n"))) in ("", PLACES[form][2])
    assert origin(stack.split("\n")[0]) == ""


def test_a_cause_that_pst_prints_is_the_cause() -> None:
    printed, _, _ = PLACES["Clojure's pst"]
    stack = f"{printed}Caused by:\nIllegalArgumentException no shelf\n\tmarket.shelf/find (shelf.clj:3)\n"

    assert chain(stack)[1:] == [("IllegalArgumentException", "no shelf")]
    assert origin(stack) == "IllegalArgumentException: market.shelf/find"


@pytest.mark.parametrize(
    "text",
    [
        "we add market.basket/add-item! - it is in basket.clj:14",
        "│ [1] the first item\n│ [2] the second",
        '"Called from the office" she said, line 3',
        "error(s): basket.zig:14 may leak",
        "Execution error while we looked at (basket.clj:14)",
        "the backtrace: see src/Basket.hs for it",
    ],
)
def test_texts_that_look_alike_are_no_stacks(text: str) -> None:
    assert chain(text) == []
