"""Go: the code that failed is told alike however it was built, and never the code that recovered."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import origin, owners, shown


def goroutine(*frames: tuple[str, str]) -> str:
    """The stack of a goroutine, of lines with the function and with the file."""
    lines = "".join(f"{function}\n\t{file}:31 +0x1f\n" for function, file in frames)
    creator = "created by net/http.(*Server).Serve in goroutine 1\n\t/go/src/net/http/s.go:1 +0x1\n"
    return f"goroutine 9 [running]:\n{lines}{creator}"


@pytest.mark.parametrize(
    ("function", "written"),
    [
        ("acme.dev/depot.(*Shelf).Add(0xc0001, {0x1, 0x2})", "acme.dev/depot.(*Shelf).Add"),
        ("acme.dev/depot.Shelf.Add({0x1?, 0x2?})", "acme.dev/depot.Shelf.Add"),
        ("acme.dev/depot.Load.func1()", "acme.dev/depot.Load"),
        ("acme.dev/depot.Load.func2.1()", "acme.dev/depot.Load"),
        ("acme.dev/depot.Load.gowrap1()", "acme.dev/depot.Load"),
        ("acme.dev/depot.(*Shelf).Add-fm()", "acme.dev/depot.(*Shelf).Add"),
        ("acme.dev/depot.Map[...](...)", "acme.dev/depot.Map"),
        ("acme.dev/depot.(*List[...]).Add(0x1)", "acme.dev/depot.(*List).Add"),
        ("acme.dev/depot.Map[go.shape.int_0].func1()", "acme.dev/depot.Map"),
        ("gopkg.in/depot%2ev2.Load()", "gopkg.in/depot.v2.Load"),
        ("main.main()", "main.main"),
        ("main.init.0()", "main.init"),
    ],
)
def test_names_of_compilers_are_brought_to_the_written_ones(function: str, written: str) -> None:
    assert [each for each, _ in owners(goroutine((function, "/src/depot/shelf.go")))] == [written]


@pytest.mark.parametrize(
    ("function", "file", "owner"),
    [
        ("acme.dev/depot.Load()", "/home/ci/depot/load.go", "own"),
        ("acme.dev/depot.Load()", "acme.dev/depot/load.go", "own"),
        ("depot/internal/x.Load()", "depot/internal/x/load.go", "own"),
        ("main.main()", "./main.go", "own"),
        ("net/http.(*conn).serve(0x1)", "net/http/server.go", "runtime"),
        ("net/http.(*conn).serve(0x1)", "/opt/go1.24/src/net/http/server.go", "runtime"),
        ("runtime.goexit({})", "/usr/lib/golang/src/runtime/asm_amd64.s", "runtime"),
        ("github.com/x/y.Z()", "/root/go/pkg/mod/github.com/x/y@v1.2.3/z.go", "library"),
        ("github.com/x/y.Z()", "github.com/x/y@v1.2.3/z.go", "library"),
        ("github.com/x/y.Z()", "/src/depot/vendor/github.com/x/y/z.go", "library"),
        ("github.com/x/y.Z()", "external/com_github_x_y/z.go", "library"),
        ("acme.dev/depot.TestLoad(0x1)", "/src/depot/load_test.go", "test"),
    ],
)
def test_whose_code_a_function_is(function: str, file: str, owner: str) -> None:
    assert [each for _, each in owners(goroutine((function, file)))] == [owner]


OWN = ("acme.dev/depot.Load(0x1)", "/src/depot/load.go")
RECOVER = ("acme.dev/depot/web.Guard.func1.1()", "/src/depot/web/guard.go")


def test_what_panicked_is_below_the_panic() -> None:
    stack = goroutine(
        ("runtime/debug.Stack()", "/usr/local/go/src/runtime/debug/stack.go"),
        RECOVER,
        ("panic({0x1, 0x2})", "/usr/local/go/src/runtime/panic.go"),
        ("runtime.panicmem(...)", "/usr/local/go/src/runtime/panic.go"),
        OWN,
    )

    assert shown(stack) == "acme.dev/depot.Load /src/depot/load.go:31"
    assert origin(stack) == "acme.dev/depot.Load"


def test_of_a_panic_that_is_raised_again_the_first_one_counts() -> None:
    again = goroutine(
        ("panic({0x1, 0x2})", "runtime/panic.go"), RECOVER, ("panic({0x1, 0x2})", "runtime/panic.go"), OWN
    )

    assert origin(again) == "acme.dev/depot.Load"


def test_other_goroutines_did_not_fail() -> None:
    other = goroutine(RECOVER)

    assert origin(goroutine(OWN) + "\n" + other) == origin(goroutine(OWN))


def test_an_error_that_carries_its_stack_has_no_arguments() -> None:
    carried = "no shelf\nacme.dev/depot.Load\n\t/src/depot/load.go:31\nmain.main\n\t/src/depot/main.go:4\n"

    assert origin(carried, 2) == "acme.dev/depot.Load < main.main"
