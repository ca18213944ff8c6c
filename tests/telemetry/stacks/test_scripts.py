"""Julia, Lua, Perl, PowerShell and R: the own function is told alike in every version."""

from __future__ import annotations

import pytest

from telemetry.stacks.reading import parsed_stack
from tests.telemetry.stacks.told import chain, origin, owners, shown


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


def test_a_message_of_perl_may_hold_the_words_of_its_place() -> None:
    found = parsed_stack("No answer at startup at /srv/shop.pl line 12, <STDIN> line 3.")

    assert found is not None
    assert found.message == "No answer at startup"
    assert [(frame.file, frame.line) for frame in found.frames] == [("/srv/shop.pl", 12)]


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


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("no id\nAt C:\\market\\basket.ps1:10 char:5\n+     add 1\n+     ~~~\n"
         "    + CategoryInfo          : NotSpecified: (:) [], RuntimeException\n", [("RuntimeException", "no id")]),
        ("add : no id\nIn C:\\market\\basket.ps1:10 Zeichen:5\n+     add 1\n", [("", "no id")]),
        ("add: C:\\market\\basket.ps1:10\nLine |\n  10 |      add 1\n     |      ~~~\n     | no id\n", [("", "no id")]),
    ],
)  # fmt: skip
def test_powershell_shows_the_position_of_an_error(view: str, expected: list[tuple[str, str]]) -> None:
    assert chain(view) == expected
    assert shown(view) == "C:\\market\\basket.ps1:10"


def test_what_was_typed_into_powershell_is_no_own_code() -> None:
    assert owners("no id\nAt line:1 char:1\n+ add 1\n+ ~~~\n") == [("", "runtime")]


def test_a_module_of_powershell_has_a_folder_for_each_version() -> None:
    module = "C:\\market\\RequiredModules\\Build\\5.8.5\\Build.ps1"
    stack = f"at Die, {module}: line 3\nat Add, C:\\market\\add.ps1: line 4\n"

    assert origin(stack) == "Add market/add.ps1"


def test_a_program_of_perl_needs_no_extension() -> None:
    assert shown("no id at /usr/local/bin/market line 14.\n") == "/usr/local/bin/market:14"
    assert shown("no id at /usr/local/bin/market line 14\n") == "None"
    assert shown("we met at noon, see line 3.\n") == "None"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("content_by_lua(nginx.conf:35):2: in main chunk, client: 10.0.0.7, server: shop", ("", "own")),
        ('[love "boot.lua"]:345: in function <[love "boot.lua"]:300>', ("", "runtime")),
        ("basket.lua: in function 'add'", ("add", "own")),
    ],
)
def test_chunks_of_hosts_of_lua_are_frames(frame: str, expected: tuple[str, str]) -> None:
    assert owners(f"basket.lua:4: no id\nstack traceback:\n\t{frame}\n") == [expected]


JULIA = (
    "ERROR: LoadError: KeyError: key :id not found\nStacktrace:\n [1] getindex(h::Dict{Symbol, Int64}, key::Symbol)\n"
    "   @ Base ./dict.jl:498 [inlined]\n [2] %s\n   @ Market.Basket /srv/market/src/basket.jl:14\n"
    " [3] serve(f::Function)\n   @ HTTP ~/.julia/packages/HTTP/abcDE/src/HTTP.jl:3\n"
)


@pytest.mark.parametrize(
    "call",
    ["add(item::Item; tax::Int64)", "(::Market.var\"#add#5\"{Int64})(x::Int64)",
     "var\"#add#7\"(tax::Int64, ::typeof(add))", "add(item::Item)"],
)  # fmt: skip
def test_one_function_of_julia_is_told_alike(call: str) -> None:
    assert origin(JULIA % call) == "add src/basket.jl"
    assert [owner for _, owner in owners(JULIA % call)] == ["runtime", "own", "library"]
    assert chain(JULIA % call) == [("KeyError", "key :id not found")]


def test_stacks_of_old_julias_are_told_as_those_of_new_ones() -> None:
    old = (
        'ERROR: KeyError: key "id" not found\nStacktrace:\n [1] getindex(::Dict{String,Int64}, ::String) at ./d'
        "ict.jl:477\n"
        " [2] #add#3(::Bool, ::typeof(add), ::Item) at /opt/market/src/basket.jl:19\n [3] top-level scope at /s"
        "rv/a.jl:3\n"
    )

    assert origin(old) == origin(JULIA % "add(item::Item)")


def test_a_task_of_julia_failed_by_what_happened_in_it() -> None:
    stack = (
        "ERROR: TaskFailedException\n\n    nested task error: no id\n    Stacktrace:\n     [1] add(item::Item)\n"
        "       @ Market.Basket ~/market/src/basket.jl:7\n\nStacktrace:\n [1] wait\n   @ ./task.jl:349 [inlined]\n"
        " [2] top-level scope\n   @ ~/market/run.jl:9\n"
    )

    assert chain(stack) == [("TaskFailedException", ""), ("", "no id")]
    assert shown(stack) == "add ~/market/src/basket.jl:7"


def test_a_closure_of_julia_that_nobody_named_has_no_name() -> None:
    assert (
        origin(JULIA % '(::Market.var"#5#6")()')
        == origin(JULIA % '(::Market.var"#70#71")()')
        == "src/basket.jl"
    )


R_STACKS = {
    "traceback": '3: stop("no id") at basket.R#14\n2: add(item) at run.R#3\n1: source("run.R")\n',
    "rlang": "Error in `add()`:\n! no id\nBacktrace:\n    \u2586\n 1. \u251c\u2500global main()\n 2. \u2502 "
    "\u2514\u2500global add(item) at run.R:3:3\n"
    ' 3. \u2514\u2500rlang::abort("no id") at basket.R:14:5\n',
    "shiny": "Warning: Error in add: no id\n  176: h\n  175: .handleSimpleError\n  101: add [basket.R#14]\n  10"
    "0: renderPlot [app.R#9]\n",
}  # fmt: skip


@pytest.mark.parametrize("form", R_STACKS)
def test_one_function_of_r_is_told_alike(form: str) -> None:
    assert origin(R_STACKS[form]) == "add"
    assert shown(R_STACKS[form]) == "add basket.R:14"


def test_a_script_of_r_ends_with_its_calls() -> None:
    stack = "Error in add(item) : no id\nCalls: main -> refresh -> add\nExecution halted\n"

    assert chain(stack) == [("", "no id")]
    assert origin(stack) == "add < refresh < main"


def test_packages_of_r_are_no_own_code() -> None:
    tree = " 1. \u251c\u2500market::add(item)\n 2. \u2502 \u2514\u2500dplyr::mutate(x)\n 3. \u2514\u2500base::stop(1)\n"

    assert [owner for _, owner in owners(f"Error:\n{tree}")] == ["runtime", "library", "own"]


@pytest.mark.parametrize("call", ["f(x)", 'stop("late at noon")'])
def test_a_call_of_r_may_hold_the_words_of_its_place(call: str) -> None:
    found = parsed_stack(f"2: {call} at shop.R#3\n1: main() at app.R#7")

    assert found is not None
    assert [(frame.file, frame.line) for frame in found.frames][1:] == [("shop.R", 3), ("app.R", 7)]
