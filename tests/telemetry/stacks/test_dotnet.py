"""C#, F# and Visual Basic: inner exceptions, aggregates, names that compilers make, with and without files."""

from __future__ import annotations

import pytest

from telemetry.stacks import parsed_stack
from tests.telemetry.stacks.told import chain, origin, owners, shown


@pytest.mark.parametrize(
    ("function", "written"),
    [
        ("Depot.Shelf.Add(Int32 count)", "Depot.Shelf.Add"),
        ("Depot.Shelf.<AddAsync>d__7.MoveNext()", "Depot.Shelf.AddAsync"),
        ("Depot.Shelf+<AddAsync>d__7`1.MoveNext()", "Depot.Shelf.AddAsync"),
        ("Depot.Shelf.<>c.<Add>b__7_0(Item item)", "Depot.Shelf.Add"),
        ("Depot.Shelf.<>c__DisplayClass7_0.<Add>b__1(Item item)", "Depot.Shelf.Add"),
        ("Depot.Shelf.<>c__DisplayClass7_0.<<Add>b__0>d.MoveNext()", "Depot.Shelf.Add"),
        ("Depot.Shelf.<Add>g__Check|7_0(Item item)", "Depot.Shelf.Add.Check"),
        ("Depot.Shelf.<<Add>g__Check|7_0>d.MoveNext()", "Depot.Shelf.Add.Check"),
        ("Program.<Main>$(String[] args)", "Program.Main"),
        ("Program.<<Main>$>d__0.MoveNext()", "Program.Main"),
        ("Program.<>c.<<Main>$>b__0_2()", "Program.Main"),
        ("Depot.Shelf`1.Find[TKey](TKey key)", "Depot.Shelf.Find"),
        ("Depot.Shelf.VB$StateMachine_3_Add.MoveNext()", "Depot.Shelf.Add"),
        ("Depot.Shelves.add@12-1.Invoke(Int32 x)", "Depot.Shelves.add"),
        ("Depot.Shelf..ctor(String name)", "Depot.Shelf..ctor"),
    ],
)
def test_names_of_compilers_are_brought_to_the_written_ones(function: str, written: str) -> None:
    without_file = f"System.Exception: x\n   at {function}\n"
    with_file = f"System.Exception: x\n   at {function} in /src/Depot/Shelf.cs:line 4\n"

    assert [each for each, _ in owners(without_file)] == [written]
    assert origin(with_file) == origin(without_file) == written


@pytest.mark.parametrize(
    "line",
    [
        "   at Depot.Shelf.Add(Int32 n) in C:\\src\\Depot\\Shelf.cs:line 4",
        "   bei Depot.Shelf.Add(Int32 n) in C:\\src\\Depot\\Shelf.cs:Zeile 4.".removesuffix("."),
        "   à Depot.Shelf.Add(Int32 n) dans C:\\src\\Depot\\Shelf.cs:ligne 4",
        "  at Depot.Shelf.Add (System.Int32 n) [0x0001f] in C:\\src\\Depot\\Shelf.cs:4 ",
    ],
)
def test_every_runtime_and_language_of_its_user_is_read(line: str) -> None:
    assert shown(f"System.Exception: x\n{line}\n") == "Depot.Shelf.Add C:\\src\\Depot\\Shelf.cs:4"


@pytest.mark.parametrize(
    ("function", "owner"),
    [
        ("System.Collections.Generic.List`1.get_Item(Int32 index)", "runtime"),
        ("Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext c)", "runtime"),
        ("lambda_method41(Closure , Object )", "runtime"),
        ("Newtonsoft.Json.JsonConvert.DeserializeObject(String value)", "library"),
        ("Moq.Mock`1.get_Object()", "library"),
        ("Depot.Tests.ShelfTests.Adds()", "test"),
        ("SystemDepot.Shelf.Add()", "own"),
    ],
)
def test_whose_code_a_method_is(function: str, owner: str) -> None:
    stack = f"System.Exception: x\n   at Depot.Shelf.Add(Int32 n)\n   at {function}\n"

    assert owners(stack)[1:] == ([] if function.startswith("lambda") else [(owners(stack)[1][0], owner)])


def test_methods_without_a_file_beside_files_are_a_librarys() -> None:
    stack = "System.Exception: x\n   at Gadget.Client.Send(String s)\n   at Depot.Shelf.Add() in /src/Shelf.cs:line 4\n"

    assert [owner for _, owner in owners(stack)] == ["library", "own"]


INNER = (
    "Depot.OrderException: not packed\n ---> System.InvalidOperationException: no box\n"
    "   at Depot.Boxes.Take() in /src/Boxes.cs:line 9\n   --- End of inner exception stack trace ---\n"
    "   at Depot.Orders.Pack() in /src/Orders.cs:line 3\n"
    "--- End of stack trace from previous location ---\n   at Depot.Program.Main() in /src/Program.cs:line 1"
)


@pytest.mark.parametrize("stack", [INNER, INNER.replace("\n --->", " --->")])
def test_an_inner_exception_is_the_cause(stack: str) -> None:
    assert chain(stack) == [
        ("Depot.OrderException", "not packed"),
        ("System.InvalidOperationException", "no box"),
    ]
    assert origin(stack) == "InvalidOperationException: Depot.Boxes.Take"
    assert [function for function, _ in owners(stack)] == ["Depot.Orders.Pack", "Depot.Program.Main"]


def test_the_exceptions_of_an_aggregate_are_its_members() -> None:
    stack = (
        "System.AggregateException: One or more errors occurred. (no box) (no tape)\n"
        " ---> System.ArgumentException: no box\n   at Depot.Boxes.Take()\n"
        "   --- End of inner exception stack trace ---\n"
        "   at Depot.Orders.Pack()\n"
        " ---> (Inner Exception #1) System.IO.IOException: no tape\n   at Depot.Tape.Cut()<---\n"
    )
    found = parsed_stack(stack)

    assert found is not None
    assert [(member.error_type, member.message) for member in found.members] == [
        ("System.ArgumentException", "no box"),
        ("System.IO.IOException", "no tape"),
    ]
    assert origin(stack) == "ArgumentException: Depot.Boxes.Take + IOException: Depot.Tape.Cut"
