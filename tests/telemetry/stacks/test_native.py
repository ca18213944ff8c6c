"""C, C++, Objective-C and Swift: every tool's backtrace tells one function alike, symbolised or not."""

from __future__ import annotations

import pytest

from telemetry.stacks.languages.native_names import native_name
from tests.telemetry.stacks.told import chain, origin, owners, shown

DRAW = [
    "#1  0x000055d in paint::draw (w=1, h=<optimized out>) at /src/paint/draw.cpp:12",
    "#1  paint::draw (w=1) at /src/paint/draw.cpp:12",
    "    #1 0x4f6eaa in paint::draw(int, char const*) /src/paint/draw.cpp:12:5",
    "  * frame #1: 0x0000000102106bf7 Paint`paint::draw(w=1) at /src/paint/draw.cpp:12:5",
    " 1# paint::draw(int) at /src/paint/draw.cpp:12",
    "01 paint!paint::draw+0x1f [/src/paint/draw.cpp @ 12]",
    " 1  paint.exe!paint::draw(int) [/src/paint/draw.cpp : 12 + 0x5]",
    "1> /src/paint/draw.cpp(12): paint!paint::draw+0x1F",
    "1 0x0000000100003d0c paint::draw(int) + 52 in paint at /src/paint/draw.cpp:12:3",
    "1 [inlined] paint::draw(int) in paint at /src/paint/draw.cpp:12:3",
    "0x7f832841f88f, paint::draw(Swift.Int) -> () at /src/paint/draw.cpp:12",
]


@pytest.mark.parametrize("line", DRAW)
def test_every_tool_tells_one_function_alike(line: str) -> None:
    assert origin(f"SIGSEGV\n{line}\n") == "paint::draw paint/draw.cpp"
    assert shown(f"SIGSEGV\n{line}\n") == "paint::draw /src/paint/draw.cpp:12"


@pytest.mark.parametrize(
    ("line", "owner"),
    [
        ("#2  0x00007f in raise () from /lib/x86_64-linux-gnu/libc.so.6", "runtime"),
        ("    #2 0x7f97a in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x21b97)", "runtime"),
        ("#2  0x00007f in png_read () from /srv/paint/vcpkg_installed/lib/libpng.so", "library"),
        ("#2  0x00007f in std::sort<int*> (a=1) at /usr/include/c++/12/bits/stl_algo.h:4820", "runtime"),
        ("#2  0x00007f in png_read (a=1) at /src/paint/third_party/png/read.c:4", "library"),
        ("2   CoreFoundation  0x00000001bd0 __exceptionPreprocess + 220", "runtime"),
        ("2   Paint   0x0000000104a2 -[Canvas draw:] + 88 (Canvas.m:12)", "own"),
        (
            "      #02 pc 0000000000089058  /apex/com.android.runtime/lib64/bionic/libc.so (abort+168)",
            "runtime",
        ),
        ("      #02 pc 0000000000012345  /data/app/x/lib/arm64/libpaint.so (paint::draw(int)+12)", "own"),
        ("./paint(draw+0x1f) [0x4005a4]", "own"),
        ("/lib/x86_64-linux-gnu/libc.so.6(abort+0x12b) [0x7f1]", "runtime"),
    ],
)
def test_whose_code_a_function_is(line: str, owner: str) -> None:
    assert [each for _, each in owners(f"SIGABRT\n{line}\n")] == [owner]


@pytest.mark.parametrize(
    ("compiled", "written"),
    [
        ("draw.cold.1", "draw"),
        ("draw.isra.0.constprop.2", "draw"),
        ("std::__1::vector<int>::at(unsigned long)", "std::vector<int>::at"),
        ("(anonymous namespace)::draw(int)", "(anonymous namespace)::draw"),
        ("paint::Brush::operator()(int) const", "paint::Brush::operator()"),
        ("_ZN5paint6Canvas4drawEi", "paint::Canvas::draw"),
        ("_ZNK5paint6Canvas4sizeEv", "paint::Canvas::size"),
        ("-[Canvas draw:with:]", "-[Canvas draw:with:]"),
        ("__27-[Canvas draw:with:]_block_invoke_2", "-[Canvas draw:with:]"),
        ("__draw_block_invoke", "draw"),
        ("closure #1 (Swift.Int) -> () in static Paint.Canvas.draw() -> ()", "Paint.Canvas.draw"),
        ("closure #2 in closure #1 in Canvas.draw()", "Canvas.draw"),
        ("partial apply forwarder for closure #1 in Canvas.draw()", "Canvas.draw"),
        ("(1) await resume partial function for Canvas.load(from:)", "Canvas.load"),
        ("specialized Canvas.draw(_:)", "Canvas.draw"),
        ("@objc Canvas.draw()", "Canvas.draw"),
    ],
)
def test_names_of_compilers_are_brought_to_the_written_ones(compiled: str, written: str) -> None:
    assert native_name(compiled) == written


@pytest.mark.parametrize(
    ("first", "again", "other"),
    [
        (
            "1 Paint 0x104a22104 0x104a00000 + 139524",
            "1 Paint 0x10bb22104 0x10bb00000 + 139524",
            "1 Paint 0x1 0x1 + 9",
        ),
        (
            "#1 0x5581f (/srv/a/paint+0x4f6e)",
            "#1 0x7fe1f (/opt/b/paint+0x4f6e)",
            "#1 0x5581f (/srv/a/paint+0x4f7e)",
        ),
        ("./paint(+0x4f6e) [0x5581]", "./paint(+0x4f6e) [0x7fe1]", "./paint(+0x4f7e) [0x5581]"),
        (
            "#01 pc 0000000000004f6e  /data/app/a/libpaint.so",
            "#01 pc 0000000000004f6e  /data/app/b/libpaint.so (BuildId: 5f1c)",
            "#01 pc 0000000000004f7e  /data/app/a/libpaint.so",
        ),
    ],
)
def test_without_symbols_the_place_in_the_binary_tells_crashes_apart(
    first: str, again: str, other: str
) -> None:
    assert origin(f"SIGSEGV\n{first}\n") == origin(f"SIGSEGV\n{again}\n") != ""
    assert origin(f"SIGSEGV\n{first}\n") != origin(f"SIGSEGV\n{other}\n")


def test_of_a_report_with_threads_the_failing_one_counts() -> None:
    report = (
        "Thread 0:\n0   libsystem_kernel.dylib  0x00000001bd0 mach_msg + 8\n"
        "1   Paint  0x0000000104a2 idle + 4 (idle.c:3)\n\n"
        "Thread 3 Crashed:\n0   Paint  0x0000000104b2 draw + 8 (draw.c:12)\n\nThread 3 crashed with ARM State:\n"
    )

    assert origin(report) == "draw draw.c"


def test_an_exception_of_objective_c_names_its_reason() -> None:
    stack = (
        "*** Terminating app due to uncaught exception 'NSRangeException', reason: 'index 4 beyond bounds'\n"
        "*** First throw call stack:\n(\n0   CoreFoundation  0x00000001bd0 __exceptionPreprocess + 220\n"
        "1   Paint  0x0000000104a2 -[Canvas draw:] + 88\n)\n"
    )

    assert chain(stack) == [("NSRangeException", "index 4 beyond bounds")]
    assert origin(stack) == "-[Canvas draw:]"


def test_the_systems_functions_do_not_tell_crashes_apart() -> None:
    tail = "\n#3  0x00007f in paint::draw (w=1) at /src/paint/draw.cpp:12\n"
    raised = "#1  0x00007f in __GI_raise (sig=6) at ../sysdeps/unix/sysv/linux/raise.c:50\n"
    abort = f"{raised}#2  0x00007f in abort () at abort.c:79"

    assert origin(abort + tail) == origin("#1  0x00007f in pthread_kill () from /lib/libc.so.6" + tail)
