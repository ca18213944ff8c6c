"""The choice of the language, and the work on hostile texts."""

from __future__ import annotations

import time

import pytest

from telemetry.stacks import parsed_stack
from telemetry.stacks.frame import MAX_CAUSES, MAX_FRAMES
from telemetry.stacks.reading import BY_NAME, LONGEST_END

MEGABYTE, SIZE = 1_000_000, 50_000
# What is repeated: parts of every form, whole frames, and nothing but their marks.
PIECES = [
    "a", " ", "\n", "at ", "   at (", "at x() in ", "    at a.b(C.java:1)\n",
    "\nCaused by: X: y\n\tat a.b(C.java:1)\n\t... 99 more", "Suppressed: ", 'File "',
    '  File "a", line 1, in f\n', "Traceback (most recent call last):\n",
    "  + Exception Group Traceback (most recent call last):\n", "  +-+---------------- 1 ----------------\n",
    "  | ", "@", "a@b.js:1:1\n", "x@http://a/b.js:1:2\n", "/a.js:1:2", "(", ")", "<", "<a<", ">", "::",
    "0: a::b\n   at c.rs:1:2\n", "1: ", "thread 'a' panicked at ", "#0 a(1): ", "#0 a(1): b()\n", "Next ",
    " ---> ", "---> X: y\n", "   at A.B(C d) in e:line 1\n", "<a>b__", "<>c.", ":1:in `",
    "from a.rb:1:in `b'\n", "a.b(c)\n\td.go:1\n", "goroutine 1 [running]:\n", "[...", "{", "$1",
    "$$anonfun$a$1", "lambda$", "__1", "-a", ".a", "A1b2", "at eval (eval at ", "[cause]: ", "\r\n", "é", "'",
    "\\", "#0 0x1 in a b.c:1\n", "#0 0x1 in ", "#1  a () at ", "0 a 0x12345678 ", "frame #0: 0x1 a`b",
    "1# a in ", "a!b [", "a(b+0x1) [0x1]\n", "(shop 1.0) lib/a.ex:1: A.b/1\n", "** (A) b\n",
    '{a,b,1,[{file,"a"},{line,1}]}', "\ta: in ", "\ta.lua:1: in function 'b'\n", "A::b(1) called at c line 1\n",
    " called at ", " line 1", "at a, b: line 1\n", "#0      a (package:b/c.dart:1:1)\n",
    "package:a/b.dart 1:1  c\n", "closure #1 in ", "9a", "_ZN", "at a, ",
    "a.zig:1:1: 0x1 in b (c)\n", "a.nim(1) b\n", ".nim(", "  from a.cr:1:1 in 'b'\n", " in '", "Caused by: a (B)\n",
    'Called from A.b in file "c.ml", line 1, characters 1-2\n', ' in file "', "  a, called at b.hs:1:1 in c:D\n",
    ", called at ", " [1] a(b)\n   @ C ./d.jl:1\n", " [1] a(b) at c.jl:1\n", " @ ", '(::A.var"#a#1")', "#a#",
    " 1. ├─a::b() at c.R:1:1\n", "1: a() at b.R#1\n", "Calls: a -> ", " -> ", "1: a [b#1]\n",
    " at a$b.invoke (c.clj:1)\n", '[a$b invoke "c.clj" 1]', ':type A :message "', "_BANG_", "$s1a", "$s",
    "    @     0x7f57189bb7f1 a\n", "@ 0x123 ", "#1 0x1 a (b + 0x1)\n", "#1 a b.c:1:1 (d+0x1)\n", "1. a @ 0x1 in b\n",
    "1: 0x1 a [b]\n", "00 00000000`1 a!b+0x1\n", "Assertion failed: (a), function b, file c, line 1.\n",
    ": Assertion `a' failed", "Fatal error: ", "a:1: Fatal error: ", ": runtime error: ", "what():  a", " in _0123",
    "At a.ps1:1 char:1\n+ ", "a: b.ps1:1\nLine |\n", "+ CategoryInfo : a [], B", "{a,b,", "{a,b,1,[]},", "{a,b,[",
    "a:b/1 line 1 ", "a:b(", " at a/b line 1.\n", "content_by_lua(a:1):1: in main chunk\n",
    "#1 <signal handler called>\n",
    "Thread 1 (", "freed by ",
]  # fmt: skip


def work(name: str, text: str) -> float:
    """Seconds of the processor that the language needs to find, read and describe the frames of the text."""
    language = BY_NAME[name]
    started = time.process_time()
    language.FORM.search(text)
    raised = language.READ(text)
    for frame in raised.frames[:MAX_FRAMES] if raised else ():
        language.DESCRIBE(frame)
    return time.process_time() - started


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("beginning", ["", "E: x\n    at "])
def test_no_repetition_takes_a_language_more_than_linear_time(name: str, beginning: str) -> None:
    longest = max((work(name, (beginning + piece * SIZE)[:SIZE]), piece) for piece in PIECES)

    assert longest[0] < 0.4, longest[1]  # a square takes twice as long, at least


@pytest.mark.parametrize("name", BY_NAME)
def test_a_hostile_megabyte_takes_a_language_linear_time(name: str) -> None:
    parts = [piece * (MEGABYTE // len(PIECES) // len(piece)) for piece in PIECES]

    assert work(name, "".join(parts)) < 10
    assert work(name, "\n".join(parts[::-1])) < 10


def test_a_stack_without_end_is_read_at_both_ends() -> None:
    first = "a.Outer: o\n\tat a.First.run(First.java:1)\n"
    last = "Caused by: a.Inner: i\n\tat a.Last.run(Last.java:1)\n"
    found = parsed_stack(first + "\tat a.Middle.run(Middle.java:1)\n" * (4 * LONGEST_END // 32) + last)

    assert found is not None
    assert [frame.function for frame in found.frames[:1]] == ["a.First.run"]
    assert [frame.function for each in found.chain()[1:] for frame in each.frames] == ["a.Last.run"]
    assert len(found.frames) == MAX_FRAMES


def test_a_chain_without_end_keeps_both_ends() -> None:
    links = [f"Caused by: a.E{number}: m\n\tat a.A.run(A.java:1)\n" for number in range(100)]
    found = parsed_stack("a.Outer: o\n\tat a.A.run(A.java:1)\n" + "".join(links))

    assert found is not None
    assert len(found.chain()) <= MAX_CAUSES
    assert [each.error_type for each in found.chain()][:: len(found.chain()) - 1] == ["a.Outer", "a.E99"]


@pytest.mark.parametrize(
    "text", ["", "nothing to see", "at least one order failed", "see (a.b:1) at noon", "\x00"]
)
def test_a_text_without_a_frame_is_no_stack(text: str) -> None:
    assert parsed_stack(text) is None


def test_a_frame_belongs_to_the_language_of_its_file() -> None:
    found = parsed_stack(
        "E: x\n  at django.http.get (/usr/lib/python3.11/http/client.py:3)\n  at a.B.c (B.java:7)\n"
    )

    assert found is not None
    assert [frame.owner for frame in found.frames] == ["runtime", "own"]
