"""
The forms of native frames: one pattern for each tool, with the function and its place, or the binary that holds it.

gdb: https://sourceware.org/gdb/current/onlinedocs/gdb.html/Backtrace.html. lldb:
https://lldb.llvm.org/use/formatting.html. Sanitizers:
https://github.com/google/sanitizers/wiki/AddressSanitizerCallStack. glibc:
https://man7.org/linux/man-pages/man3/backtrace.3.html. Core dumps:
https://www.freedesktop.org/software/systemd/man/coredumpctl.html. LLVM:
https://github.com/llvm/llvm-project/blob/main/llvm/lib/Support/Signals.cpp. Abseil and glog:
https://github.com/abseil/abseil-cpp/blob/master/absl/debugging/failure_signal_handler.cc,
https://github.com/google/glog/blob/master/src/signalhandler.cc. Apple:
https://developer.apple.com/documentation/xcode/examining-the-fields-in-a-crash-report. Swift:
https://github.com/swiftlang/swift/blob/main/docs/Backtracing.rst, https://github.com/swift-server/swift-backtrace.
Android: https://source.android.com/docs/core/tests/debug. C++:
https://www.boost.org/doc/libs/release/doc/html/stacktrace.html, https://eel.is/c++draft/stacktrace. Node and
Chromium: https://github.com/nodejs/node/blob/main/src/debug_utils.cc (`DumpNativeBacktrace`). Windows:
`module!function [file @ line]`, https://learn.microsoft.com/windows-hardware/drivers/debugger/.
"""

from __future__ import annotations

import re

HEX = r"0x[0-9a-fA-F]{1,16}"
AT_FILE = (  # a path may hold spaces, but not another path behind them
    r"(?P<file>(?:[A-Za-z]:)?(?:[/\\.](?:(?! (?:at |\[)?[/\\.])[^\n:]){1,400}+|[^\s:]{1,400}+))"
    r":(?P<line>\d{1,9})(?::\d{1,9})?"
)
FUNCTION = r"(?P<function>[^\n]{1,500}?)"
CALLED = r"(?P<function>(?:(?! \()[^\n]){1,500}+)"  # with its arguments behind it
IN_IMAGE = r"\((?P<image>[^()\n]{1,400}?)\+0x(?P<offset>[0-9a-f]{1,16})\)(?: \(BuildId[^)\n]{1,80}\))?"
BEHIND_FILE = r"(?: \([^()\n]{1,400}\+0x[0-9a-f]{1,16}\)(?: \(BuildId[^)\n]{1,80}\))?)?"
# Lines that begin with `#`: gdb with and without a place, sanitizers and LLVM, core dumps, Android, Chromium.
HASH_FORMS = (
    rf"#\d{{1,4}} {{1,3}}(?:{HEX} in )?{CALLED} \([^\n]{{0,600}}\)(?: at {AT_FILE}| from (?P<image>\S{{1,400}}))$",
    rf"#\d{{1,4}} {{1,3}}(?:{HEX} {{1,2}})?(?:(?:in )?{FUNCTION} )?(?:{AT_FILE}{BEHIND_FILE}|{IN_IMAGE})$",
    rf"#\d{{1,4}} {{1,3}}{HEX} in {CALLED} \([^\n]{{0,600}}\)$",
    rf"#\d{{1,4}} {{1,3}}{HEX} (?P<function>\S{{1,500}}) "
    r"\((?P<image>[^()\n]{1,200}?)(?: \+ 0x(?P<offset>[0-9a-f]{1,16}))?\)$",
    r"#\d{2,4} pc (?P<offset>[0-9a-f]{8,16})[ \t]{1,4}(?P<image>\S{1,300})(?: \("
    r"(?!BuildId)(?P<function>[^\n]{1,400}?)(?:\+\d{1,9})?\))?(?: \(BuildId: [^)\n]{1,80}\))?$",
    rf"#\d{{1,4}} {{1,3}}{HEX} {FUNCTION}(?: \[{AT_FILE}\])?$",
)
OTHER_FORMS = (
    rf"(?:\* )?frame #\d{{1,4}}: {HEX} (?P<image>[^`\n]{{1,200}})`{FUNCTION}(?: \+ \d{{1,9}})?(?: at {AT_FILE})?$",
    # Swift, Apple, swift-backtrace
    rf"\d{{1,4}}(?: \[[a-z]{{2,12}}\]){{0,3}}(?: {{1,40}}{HEX}| \[inlined\]) {FUNCTION}"
    rf"(?: \+ \d{{1,9}})? in (?P<image>(?:(?! in )[^\n/]){{1,200}}?)(?: at {AT_FILE})?$",
    rf"\d{{1,4}}[ \t]{{1,8}}(?P<image>\S[^\n]{{0,100}}?)[ \t]{{1,40}}{HEX} "
    rf"(?:(?:{HEX}|<unavailable>) \+ (?P<offset>\d{{1,12}})|{FUNCTION} \+ \d{{1,9}})"
    r"(?: \((?P<file>[^():\n]{1,300}?)(?::(?P<line>\d{1,9}))?\))?$",
    rf"{HEX}, {FUNCTION} at {AT_FILE}$",
    # glibc, Abseil and glog
    rf"(?P<image>[^\s(]{{1,300}})\((?P<function>[^()+\n]{{0,300}})(?:\+0x(?P<offset>[0-9a-f]{{1,16}}))?\) ?\[{HEX}\]$",
    rf"(?:PC: )?@ {{1,20}}(?:0x)?[0-9a-fA-F]{{3,16}}(?: {{1,12}}(?:\d{{1,9}}|\(unknown\)) )? {{1,8}}{FUNCTION}$",
    # Boost and the standard library of C++
    rf"\d{{1,4}}# {FUNCTION} (?:at {AT_FILE}(?: \[{HEX}\])?|in (?P<image>\S{{1,300}}))$",
    # Windows
    r"(?:\d{1,4}[ \t]{1,4})?(?:[0-9a-f`]{8,17} ){0,3}(?P<image>[\w.-]{1,100})!(?P<function>[^\n\[]{1,400}?)"
    rf"(?:\+{HEX})?(?:(?<=[0-9a-f]) | )\[(?P<file>[^\n\[\]@]{{1,300}}?) (?:: |@ )(?P<line>\d{{1,9}})[^\]\n]{{0,20}}\]$",
    rf"(?:\d{{1,4}}[ \t]{{1,4}})?(?:[0-9a-f`]{{8,17}} ){{0,3}}(?P<image>[\w.-]{{1,100}})!{FUNCTION}\+{HEX}$",
    rf"\d{{1,4}}> (?P<file>[^\n(]{{1,400}})\((?P<line>\d{{1,9}})\): (?P<image>[\w.-]{{1,100}})!"
    rf"(?P<function>[^\n]{{1,400}}?)\+{HEX}$",
    # Node, and ClickHouse
    rf"\d{{1,4}}: {HEX} {FUNCTION} \[(?P<image>[^\[\]\n]{{1,200}})\]$",
    rf"\d{{1,4}}\. (?:{AT_FILE}: )?{FUNCTION} @ {HEX}(?: in (?P<image>\S{{1,300}}))?$",
)
HASH = tuple(map(re.compile, HASH_FORMS))
OTHERS = tuple(map(re.compile, OTHER_FORMS))
ANY_LINE = (  # that one of them fits
    rf"^[ \t\"\[]{{0,80}}+(?:#\d{{1,4}} {{1,3}}{HEX} |#\d{{1,4}} {{1,3}}[^\n]{{1,400}}\) (?:at|from) [^\n]"
    rf"|#\d{{2,4}} pc [0-9a-f]|#\d{{1,4}} {{1,3}}[^\n]{{1,500}}:\d{{1,9}}(?::\d{{1,9}})? \([^()\n]{{1,400}}\+0x"
    rf"|(?:\* )?frame #\d|\d{{1,4}}(?: \[[a-z]{{2,12}}\]){{0,3}}[^\n]{{1,150}}{HEX} "
    rf"|\d{{1,4}} \[inlined\]|{HEX}, [^\n]{{1,500}} at "
    rf"|[^\s(]{{1,300}}\([^()\n]{{0,320}}\) ?\[{HEX}\]|\d{{1,4}}# |@ {{1,20}}(?:0x)?[0-9a-fA-F]{{3,16}} "
    rf"|(?:\d{{1,4}}[ \t]{{1,4}})?(?:[0-9a-f`]{{8,17}} ){{0,3}}[\w.-]{{1,100}}![^\n]{{1,400}}(?: \[|\+{HEX}$)"
    rf"|\d{{1,4}}> [^\n(]{{1,400}}\(\d|\d{{1,4}}: {HEX} [^\n]{{1,500}} \[|\d{{1,4}}\. [^\n]{{1,800}} @ {HEX})"
)
