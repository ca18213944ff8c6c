"""C, C++, Objective-C and Swift: every tool's backtrace tells one function alike, symbolised or not."""

from __future__ import annotations

import pytest

from telemetry.stacks.languages.compiled.native_names import native_name
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
    "#1 0x00005581dc0 paint::draw(int, char const*) /src/paint/draw.cpp:12:5",
    "    #1 paint::draw(int) /src/paint/draw.cpp:12:5 (paint+0x4a9d8f)",
    "    #1 0x4f6eaa in paint::draw(int) /src/paint/draw.cpp:12:5 (paint+0x4a9d8f) (BuildId: 5f1c)",
    "#1 0x560595d8b2a4 paint::draw() [/src/paint/draw.cpp:12:3]",
    "1. /src/paint/draw.cpp:12: paint::draw(int) @ 0x000000000cc5d47b in /usr/bin/paint",
    "01 000000a5`1b4ff6b8 00007ff6`1c2b1b00 paint!paint::draw+0x1f [/src/paint/draw.cpp @ 12]",
    "1 [ra]        0x0000000100003d0c paint::draw(int) + 52 in paint at /src/paint/draw.cpp:12:3",
    "28 [ra] 0x0000000100003d0c closure #1 in paint::draw(in:) + 52 in paint at /src/paint/draw.cpp:12:3",
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
        ("    @     0x7f57189bb7f1 abort", "runtime"),
        ("    @           0x221ea9 google::LogMessageFatal::~LogMessageFatal()", "runtime"),
        ("    @     0x55d2b2e5c3a2       1904  absl::AbslFailureSignalHandler()", "runtime"),
        ("    @     0x55d2b2e5c3a2         96  paint::draw()", "unknown"),
        ("#2  0x00007f620c7fd0b3 __libc_start_main (libc.so.6 + 0x270b3)", "runtime"),
        ("#2  0x000055c1bd27aefb draw (paint + 0xbefb)", "own"),
        ("2  libFoundation.so  0x00007ffff72cf034 Foundation.Data.init() + 212", "runtime"),
        ("2   com.apple.AppKit  0x00007fff3c105da2 -[NSView draw] + 337", "runtime"),
        (" 2: 0xb7a940 node::Abort() [node]", "runtime"),
        ("02 ntdll!RtlUserThreadStart+0x21", "runtime"),
        ("02 paint!main+0x21", "own"),
        ("#2  _int_malloc (av=0x1, bytes=1) at malloc.c:3967", "runtime"),
        ("#2  __GI_abort () at abort.c:79", "runtime"),
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
        ("__draw_block_invoke427", "draw"),
        ("(extension in Paint):Paint.Canvas.draw(using: Brush) throws -> ()", "Paint.Canvas.draw"),
        ("Paint.(draw in _B82A8C0ED7C904841114FDF244F9E58E)(signal: Swift.Int32) -> ()", "Paint.draw"),
        ("Paint.Canvas.color.setter : Swift.Optional<UIColor>", "Paint.Canvas.color.setter"),
        ("$s5Paint6CanvasC4drawyyF", "Paint.Canvas.draw"),
        ("_$s5Paint4drawyyF", "Paint.draw"),
        ("$s5Paint0A6CanvasC4drawyyF", "$s5Paint0A6CanvasC4drawyyF"),
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


@pytest.mark.parametrize(
    ("report", "expected", "place"),
    [
        ("==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\nREAD of size 8 at 0x6 thread T2\n"
         "    #0 0x4030f8 in draw /src/draw.c:7\n\n0x6 is inside of a region\nfreed by thread T2 here:\n"
         "    #0 0x4032e7 in wipe /src/wipe.c:9\n", ("heap-use-after-free", ""), "draw src/draw.c"),
        ("WARNING: ThreadSanitizer: data race (pid=9)\n  Write of size 4 at 0x7 by thread T1:\n"
         "    #0 draw /src/draw.c:7:3 (paint+0x4a)\n  Previous read of size 4 at 0x7 by main thread:\n"
         "    #0 wipe /src/wipe.c:9:3 (paint+0x4b)\n", ("data race", ""), "draw src/draw.c"),
        ("terminate called after throwing an instance of 'paint::Lost'\n  what():  no brush\n"
         "./paint(_ZN5paint4drawEi+0x1f) [0x55a8]\n", ("paint::Lost", "no brush"), "paint::draw"),
        ("F20230223 22:31:24.688732  4806 draw.cpp:8] Check failed: x == 1\n*** Check failure stack trace: ***\n"
         "    @           0x21d5a1 draw()\n", ("", "Check failed: x == 1"), "draw"),
        ("paint: draw.c:12: draw: Assertion `n > 0' failed.\n", ("", "n > 0"), "draw draw.c"),
        ("Assertion failed: (n > 0), function draw, file draw.c, line 12.\n", ("", "n > 0"), "draw draw.c"),
        ("src/draw.cpp:12:15: runtime error: division by zero\n", ("", "division by zero"), "src/draw.cpp"),
        ("Fatal error: Unexpectedly found nil: file Paint/Draw.swift, line 12\n", ("", "Unexpectedly found nil"),
         "Paint/Draw.swift"),
        ("Paint/Draw.swift:12: Fatal error: no brush\n0x7f3d, closure #1 in Paint.draw(_:) -> () at /s/Draw.swift:4\n",
         ("", "no brush"), "Paint.draw s/Draw.swift"),
    ],
)  # fmt: skip
def test_what_failed_is_told_before_the_stack(report: str, expected: tuple[str, str], place: str) -> None:
    assert chain(report) == [expected]
    assert origin(report) == place


def test_swifts_own_file_is_not_where_its_caller_failed() -> None:
    report = "Swift/ContiguousArrayBuffer.swift:600: Fatal error: Index out of range\n"

    assert origin(report) == ""
    assert origin(f"{report}0x7f3d, Paint.draw() -> () at /s/Draw.swift:4\n") == "Paint.draw s/Draw.swift"


def test_the_place_that_a_message_says_counts_where_the_program_has_no_symbols() -> None:
    head = "Fatal error: no brush: file Paint/Draw.swift, line 12\nCurrent stack trace:\n"
    stripped = (
        "0    libswiftCore.so   0x00007f83289f0ea0 swift_reportError + 50\n"
        "7    Paint   0x0000560f8239a4c0 <unavailable> + {}\n"
    )

    assert (
        origin(head + stripped.format(31387)) == origin(head + stripped.format(99999)) == "Paint/Draw.swift"
    )


def test_of_a_dumped_core_the_first_thread_counts_and_what_is_below_the_signal() -> None:
    dump = (
        "                Stack trace of thread 75:\n                #0  0x00007f620c6b237a draw (paint + 0x137a)\n"
        "                Stack trace of thread 76:\n                #0  0x00007f620c6b2000 idle (paint + 0x99)\n"
    )
    gdb = (
        "Thread 2 (LWP 8):\n#0  0x00007f in idle () at idle.c:3\n\nThread 1 (LWP 7):\n#0  0x00007f in report (s"
        "ig=11) at report.c:3\n"
        "#1  <signal handler called>\n#2  0x00007f in draw () at draw.c:12\n"
    )

    assert origin(dump) == "draw"
    assert origin(gdb) == "draw draw.c"


def test_a_printed_array_is_a_stack() -> None:
    frames = (
        "0   Paint  0x0000000104a2d1f4 $s5Paint4drawyyF + 88",
        "1   Paint  0x0000000104a2c0f0 main + 12",
    )
    in_one_line = "[" + ", ".join(f'"{frame}"' for frame in frames) + "]"
    in_lines = "(\n" + ",\n".join(f'\t"{frame}"' for frame in frames) + "\n)"

    assert owners(in_one_line) == owners(in_lines) == [("Paint.draw", "own"), ("main", "own")]


def test_an_address_is_no_name() -> None:
    assert owners(" 0# 0x000056279DAE6B9C in ./paint\n 1# draw(int) in ./paint\n") == [("draw", "own")]
