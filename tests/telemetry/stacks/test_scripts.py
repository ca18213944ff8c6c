"""Lua, Perl and PowerShell: the own function is told alike in every version."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import origin, owners, shown


@pytest.mark.parametrize(
    "what",
    ["function 'add'", "function 'market.add'", "method 'add'", "method 'basket:add'", "upvalue 'add'", "field 'add'"],
)  # fmt: skip
def test_one_function_of_lua_is_told_alike(what: str) -> None:
    head = "lua: market/basket.lua:14: no id\nstack traceback:\n\t[C]: in function 'error'\n"
    stack = f"{head}\tmarket/basket.lua:14: in {what}\n\t[C]: in ?\n"

    assert origin(stack) == "add market/basket.lua"
    assert shown(stack).endswith("market/basket.lua:14")


@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("/srv/market/basket.lua:3", "own"),
        ("...very/long/path/market/basket.lua:3", "own"),
        ("[C]", "runtime"),
        ("/usr/local/share/lua/5.4/pl/List.lua:3", "library"),
        ("/usr/local/openresty/lualib/resty/redis.lua:3", "library"),
        ("/srv/market/spec/basket_spec.lua:3", "test"),
    ],
)
def test_whose_code_a_file_of_lua_is(source: str, owner: str) -> None:
    assert owners(f"stack traceback:\n\t{source}: in function <x:1>\n") == [("", owner)]


PERL = (
    "no id at /srv/market/lib/Basket.pm line 14.\n\tMarket::Basket::add(Market::Basket=HASH(0x55aa), 4) called at "
    "/usr/share/perl5/Try/Tiny.pm line 102\n\teval {...} called at /usr/share/perl5/Try/Tiny.pm line 93\n"
    "\tmain::run() called at /srv/market/bin/app.pl line 5\n"
)


def test_perl_died_in_the_function_whose_call_stands_below() -> None:
    assert shown(PERL) == "Market::Basket::add /srv/market/lib/Basket.pm:14"
    assert origin(PERL) == "Market::Basket::add"
    assert [owner for _, owner in owners(PERL)] == ["own", "library", "library", "own"]


def test_a_message_of_perl_alone_has_its_place() -> None:
    assert (
        shown("no id at /srv/market/lib/Basket.pm line 14, <STDIN> line 3.\n")
        == "/srv/market/lib/Basket.pm:14"
    )
    assert origin("no id at /srv/market/lib/Basket.pm line 14.") == "lib/Basket.pm"


def test_a_trace_of_perl_has_no_message() -> None:
    call = "Market::Basket::add('x') called at /srv/market/app.pl line 2\n"
    trace = f"Trace begun at /srv/market/lib/Basket.pm line 14\n{call}"

    assert shown(trace) == "Market::Basket::add /srv/market/lib/Basket.pm:14"


POWERSHELL = (
    "at Add-Item, C:\\market\\Basket.psm1: line 14\nat Add-Item<Process>, C:\\market\\Basket.psm1: line 20\n"
    "at <ScriptBlock>, C:\\market\\run.ps1: line 3\nat <ScriptBlock>, <No file>: line 1"
)


def test_powershell_is_told_by_the_function_without_its_block() -> None:
    assert owners(POWERSHELL) == [("Add-Item", "own"), ("Add-Item", "own"), ("", "own"), ("", "runtime")]
    assert shown(POWERSHELL) == "Add-Item C:\\market\\Basket.psm1:14"
    assert origin(POWERSHELL) == "Add-Item market/Basket.psm1"


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/usr/local/share/powershell/Modules/Az/1.0/Az.psm1", "library"),
        ("C:\\Program Files\\WindowsPowerShell\\Modules\\Pester\\5.5.0\\Pester.psm1", "library"),
        ("C:\\market\\Basket.Tests.ps1", "test"),
    ],
)
def test_whose_code_a_file_of_powershell_is(file: str, owner: str) -> None:
    assert owners(f"at Work, {file}: line 3") == [("Work", owner)]
