"""Crystal, Haskell, Nim, OCaml and Zig: whose code a frame is, and what stays the same on every machine."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown

NIM = (
    "Traceback (most recent call last)\n/root/.nimble/pkgs2/jester-0.6.0-9a1e/jester.nim(88) serve\n"
    "{root}/src/market/basket.nim({line}) {function}\n"
    "/opt/nim-2.0.0/lib/system/chcks.nim(26) raiseIndexError2\n"
    "Error: unhandled exception: index 4 not in 0 .. 3 [IndexDefect]\n"
)
ZIG = (
    "thread {thread} panic: index out of bounds: index 4, len 4\n"
    "{root}/src/basket.zig:{line}:18: 0x10359b3 in {function} (market)\n        total += items[i];\n           "
    "      ^\n"
    "/usr/lib/zig/lib/std/start.zig:583:37: 0x1034f1d in posixCallMainAndExit (market)\n"
    "            const result = root.main() catch |err| {{\n                                  ^\n"
    "???:?:?: 0x2 in ??? (???)\n"
)
CRYSTAL = (
    "Unhandled exception: Missing hash key: \"id\" (KeyError)\n  from /usr/share/crystal/src/hash.cr:1082:9 in '[]'\n"
    "  from {root}/src/market/basket.cr:{line}:5 in '{function}'\n"
    "  from {root}/lib/kemal/src/kemal/route.cr:45:15 in 'call'\n  from ???\n"
)
OCAML = (
    'Fatal error: exception Failure("no id")\nRaised at Stdlib.failwith in file "stdlib.ml", line 29, character'
    "s 17-33\n"
    'Called from {function} in file "src/basket.ml" (inlined), line {line}, characters 4-20\n'
    'Called from Lwt_main.run in file "src/unix/lwt_main.ml", line 27, characters 10-20\n'
)
HASKELL = (
    "market: no id\nCallStack (from HasCallStack):\n"
    "  error, called at src/Market/Basket.hs:{line}:10 in market-0.3.{line}-{hash}:Market.Basket\n"
    "  {function}, called at app/Main.hs:7:3 in market-0.3.{line}-{hash}:Main\n"
)
WRITTEN = {NIM: "add", ZIG: "add", CRYSTAL: "add", OCAML: "Market__Basket.add", HASKELL: "add"}
STACKS = pytest.mark.parametrize("stack", WRITTEN, ids=["nim", "zig", "crystal", "ocaml", "haskell"])


def filled(stack: str, function: str, line: int = 14, place: str = "/srv/market", build: str = "3i1f") -> str:
    """The stack of a function of one deployment."""
    return stack.format(root=place, line=line, function=function, thread=line, hash=build)


@STACKS
def test_one_bug_has_one_place_in_every_deployment(stack: str) -> None:
    first = filled(stack, WRITTEN[stack])
    again = filled(stack, WRITTEN[stack], 19, "/opt/releases/market", "9Zq0")

    assert origin(first) == origin(again) != ""
    assert "14" in shown(first) != shown(again)


@STACKS
def test_two_functions_are_two_bugs(stack: str) -> None:
    assert origin(filled(stack, WRITTEN[stack])) != origin(
        filled(stack, WRITTEN[stack].replace("add", "total"))
    )


@STACKS
def test_the_place_shown_is_the_own_frame(stack: str) -> None:
    assert "add" in shown(filled(stack, WRITTEN[stack]))
    assert "asket." in shown(filled(stack, WRITTEN[stack]))


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (NIM, ["runtime", "own", "library"]),
        (ZIG, ["own", "runtime"]),
        (CRYSTAL, ["runtime", "own", "library"]),
        (OCAML, ["runtime", "own", "library"]),
        (HASKELL, ["own", "own"]),
    ],
)
def test_whose_code_the_frames_are(stack: str, expected: list[str]) -> None:
    assert [owner for _, owner in owners(filled(stack, WRITTEN[stack]))] == expected


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (NIM, [("IndexDefect", "index 4 not in 0 .. 3")]),
        (ZIG, [("", "index out of bounds: index 4, len 4")]),
        (CRYSTAL, [("KeyError", 'Missing hash key: "id"')]),
        (OCAML, [("Failure", "no id")]),
        (HASKELL, [("", "no id")]),
        (filled(ZIG, "add").replace("thread 14 panic: index out of bounds: index 4, len 4", "error: OutOfMemory"),
         [("OutOfMemory", "")]),
        ("Uncaught exception:\n\n  (Sys_error \"no file\")\n\nRaised at file \"lib/a.ml\", line 3, characters 1-2\n",
         [("Sys_error", "no file")]),
    ],
)  # fmt: skip
def test_what_failed_is_told(stack: str, expected: list[tuple[str, str]]) -> None:
    assert chain(filled(stack, "add") if "{function}" in stack else stack) == expected


def test_a_cause_of_crystal_comes_behind() -> None:
    stack = (
        filled(CRYSTAL, "add")
        + "Caused by: no shelf (Market::Lost)\n  from src/market/shelf.cr:3:5 in 'find'\n"
    )

    assert chain(stack) == [("KeyError", 'Missing hash key: "id"'), ("Market::Lost", "no shelf")]
    assert origin(stack) == "Market::Lost: find market/shelf.cr"


def test_nim_tells_a_mangled_proc_as_the_written_one_and_the_first_raise_counts() -> None:
    mangled = filled(NIM, "_ZN6basket3addE3refIN6market6BasketEE")
    again = f"{filled(NIM, 'add')}[[reraised from:\n/srv/market/src/main.nim(3) main\n]]\n"

    assert origin(mangled) == origin(again) == origin(filled(NIM, "add"))


def test_zig_numbers_of_the_compiler_are_left_out() -> None:
    assert origin(filled(ZIG, "add__anon_8874")) == origin(filled(ZIG, "add__anon_12"))


@pytest.mark.parametrize("name", ["Dune__exe__Market.Basket.add", "Market__Basket.add.(fun)"])
def test_ocaml_names_of_dune_are_brought_to_the_written_ones(name: str) -> None:
    assert origin(filled(OCAML, name)) == "Market.Basket.add src/basket.ml"


def test_haskell_frames_of_its_own_packages_are_the_runtimes_and_the_first_stack_counts() -> None:
    base = "  error, called at libraries/base/GHC/List.hs:1646:3 in base:GHC.List\n"
    call = "  head, called at src/Market.hs:4:2 in market-0.1-inplace:Market\n"
    again = (
        "HasCallStack backtrace:\n  collectBacktraces, called at a/B.hs:1:2 in ghc-internal:GHC.Internal.B\n"
    )
    stack = f"market: Prelude.head: empty list\nCallStack (from HasCallStack):\n{base}{call}{again}"

    assert owners(stack) == [("GHC.List.head", "runtime"), ("Market", "own")]
    assert shown(stack) == "Market src/Market.hs:4"


def test_haskell_cost_centres_name_their_function() -> None:
    frames = "  Market.add (src/Market.hs:3:5-10)\n  Main.main (app/Main.hs:1:1)\n"
    stack = f"market: no id\nCallStack (from -prof):\n{frames}"

    assert origin(stack) == "Market.add"


@pytest.mark.parametrize(
    "text",
    [
        "we called at src/Basket.hs:4:2 in the morning",
        "the file basket.nim(12) is missing",
        "src/basket.zig:12:5: error: expected ';'",
        "from src/basket.cr to lib/kemal in 'one' go",
        'It was called from the file "src/basket.ml", line 3',
    ],
)
def test_texts_that_only_name_a_file_are_no_stacks(text: str) -> None:
    assert origin(text) == ""
