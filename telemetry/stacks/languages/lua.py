"""
Lua and LuaJIT: tracebacks.

Form: https://www.lua.org/manual/5.4/manual.html#luaL_traceback, whose names of functions differ between versions
(`pushfuncname` of https://github.com/lua/lua/blob/master/lauxlib.c): `function 'total'`, `method 'total'`, `upvalue`.
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import (
    LIBRARY,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    lines_of,
    number_or_none,
)
from telemetry.stacks.places import is_in_library, short_place, slashed, without_builds

BEFORE = ()
MARKS = (": in ",)
EXTENSIONS = (".lua", ".luau", ".moon", ".tl")
SOURCE = r"(?:\[C\]|\[(?:builtin|string)[^\n\]]{0,200}\]|(?:[A-Za-z]:)?[^\s:\[][^:\n]{0,300})"
FORM = re.compile(rf"^[ \t]{{1,8}}{SOURCE}(?::\d{{1,9}})?: in ", re.M)
FRAME = re.compile(rf"[ \t]{{1,8}}(?P<file>{SOURCE})(?::(?P<line>\d{{1,9}}))?: in (?P<what>[^\n]{{1,300}})$")
NAME = re.compile(r"^[a-z ]{1,40}['`\"](?P<name>[^'\"\n]{1,200})['\"]")
MESSAGE = re.compile(r"(?:lua\w{0,20}: )?[^\n]{1,300}?:\d{1,9}: (?P<message>[^\n]{1,1000})$")
LIBRARY_FILE = re.compile(r"/share/lua/|/lualib/|(?:^|/)resty/|/lua_modules/|/\.luarocks/")
TEST_FILE = re.compile(r"_spec\.lua$|(?:^|/)spec/")  # https://lunarmodules.github.io/busted/


def read_lua(text: str) -> RaisedError | None:
    """Return the error with its frames; None for a text without one."""
    lines = lines_of(text)
    frames = tuple(frame for line in lines if (frame := lua_frame(line)))
    match = MESSAGE.match(lines[0])
    return RaisedError("", match["message"] if match else "", frames) if frames else None


def lua_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    match = FRAME.match(line)
    if match is None:
        return None
    name = NAME.match(match["what"])
    return StackFrame(name["name"] if name else "", match["file"], number_or_none(match["line"]))


def described_lua(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and key: only some versions write the module before the function."""
    name = re.split(r"[.:]", frame.function)[-1]
    key = without_builds(f"{name} {short_place(frame.file)}".strip())
    return frame._replace(owner=lua_owner(frame.file), key=key)


def lua_owner(file: str) -> str:
    """Return whose code the file holds: `[C]` is the host program's and the standard library's."""
    path = slashed(file)
    if path.startswith(("[C]", "[builtin", "=")):
        return RUNTIME
    if LIBRARY_FILE.search(path) or is_in_library(path):
        return LIBRARY
    return TEST if TEST_FILE.search(path) else OWN


READ, DESCRIBE = read_lua, described_lua
