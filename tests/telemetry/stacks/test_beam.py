"""Elixir and Erlang: one function is told alike in every form, exits by what happened in the other process."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown


@pytest.mark.parametrize(
    "line",
    [
        "    (market 0.3.1) lib/market/basket.ex:14: Market.Basket.add/2",
        "    (market 0.3.2-dev) lib/market/basket.ex:19: Market.Basket.add(%{id: 4}, nil)",
        "    (market 0.3.1) lib/market/basket.ex:14: anonymous fn/2 in Market.Basket.add/2",
        '    (market 0.3.1) lib/market/basket.ex:14: Market.Basket."-add/2-fun-0-"/3',
        "    lib/market/basket.ex:14: Market.Basket.add/2",
        "    (market 0.3.1) Market.Basket.add/2",
    ],
)
def test_one_function_of_elixir_is_told_alike(line: str) -> None:
    stack = f"** (KeyError) key :id not found\n    (elixir 1.16.0) lib/map.ex:504: Map.fetch!/2\n{line}\n"

    assert origin(stack) == "Market.Basket.add"
    assert chain(stack) == [("KeyError", "key :id not found")]


def test_the_location_is_the_own_frame() -> None:
    stack = (
        "** (KeyError) x\n    (elixir 1.16.0) lib/map.ex:504: Map.fetch!/2\n"
        "    (plug 1.15.0) lib/plug/router.ex:2: Plug.Router.run/1\n"
        "    (market 0.3.1) lib/market/basket.ex:14: Market.Basket.add/2\n"
    )

    assert shown(stack) == "Market.Basket.add lib/market/basket.ex:14"
    assert [owner for _, owner in owners(stack)] == ["runtime", "library", "own"]


@pytest.mark.parametrize(
    "stack",
    [
        'function_clause\n[{market_basket,add,[1,2],[{file,"src/market_basket.erl"},{line,14}]},{lists,map,2,'
        '[{file,"lists.erl"},{line,1559}]}]',
        "exception error: no function clause\n  in function  market_basket:add/2 (src/market_basket.erl, line 14)\n"
        "  in call from lists:map/2 (lists.erl, line 1559)\n",
        "x\n[{market_basket,'-add/2-fun-0-',3,[{file,\"src/market_basket.erl\"},{line,14}]}]",
        "** Reason for termination ==\n** {{badmatch,[]},\n    [{market_basket,add,\n         [{state,[]},"
        "[{a,b,[c]}]],\n"
        '         [{file,\n              "src/market_basket.erl"},\n          {line,14}]},\n    '
        " {gen_server,loop,1,[]}]}\n",
    ],
)
def test_one_function_of_erlang_is_told_alike(stack: str) -> None:
    assert origin(stack) == "market_basket:add"
    assert shown(stack) == "market_basket:add src/market_basket.erl:14"


def test_an_exit_is_caused_by_what_happened_in_the_other_process() -> None:
    stack = (
        "** (exit) exited in: GenServer.call(#PID<0.1.0>, :add, 5000)\n    ** (EXIT) an exception was raised:\n"
        "        ** (ArithmeticError) bad argument in arithmetic expression\n"
        "            (market 0.3.1) lib/market/price.ex:5: Market.Price.sum/1\n"
        "    (elixir 1.16.0) lib/gen_server.ex:1111: GenServer.call/3\n"
        "    (market 0.3.1) lib/market/basket.ex:14: Market.Basket.add/2\n"
    )

    assert [error_type for error_type, _ in chain(stack)] == ["exit", "ArithmeticError"]
    assert origin(stack).startswith("ArithmeticError: Market.Price.sum")
    assert [function for function, _ in owners(stack)] == ["GenServer.call", "Market.Basket.add"]


def test_a_stack_in_the_arguments_of_a_call_is_read_too_and_comes_first() -> None:
    inner = '[{market_price,sum,1,[{file,"src/market_price.erl"},{line,5}]}]'
    outer = f'{{market_basket,terminate,[{{function_clause,{inner}}},x],[{{file,"src/market_basket.erl"}},{{line,9}}]}}'

    assert [name for name, _ in owners(f"{{undef,[{outer}]}}")] == [
        "market_price:sum",
        "market_basket:terminate",
    ]


@pytest.mark.parametrize("version", [" 0.3.1", ""])
def test_arguments_may_be_cut(version: str) -> None:
    arguments = f"(%{{name: {'x' * 900}, {{:file, [" + "]" * 20
    stack = f"** (KeyError) x\n    (market{version}) lib/market/basket.ex:14: Market.Basket.add{arguments}\n"

    assert origin(stack) == "Market.Basket.add"


def test_a_report_of_lager_names_its_functions() -> None:
    report = (
        "[error] CRASH REPORT Process <0.38.0> with 0 neighbours exited with reason: no function clause matching "
        "market_basket:add([{1,2}], x) line 14 in gen_server:terminate/6 line 725"
    )

    assert owners(report) == [("market_basket:add", "own"), ("gen_server:terminate", "runtime")]
    assert origin("the file shop:basket line 4 is empty") == ""


def test_modules_of_elixir_are_told_alike_in_terms() -> None:
    term = "x\n[{'Elixir.Market.Basket',add,2,[{file,\"lib/market/basket.ex\"},{line,14}]}]"

    assert shown(term) == "Market.Basket.add lib/market/basket.ex:14"
