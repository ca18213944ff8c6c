"""
Lua and LuaJIT: tracebacks.

Form: https://www.lua.org/manual/5.4/manual.html#luaL_traceback, whose names of functions differ between versions
(`pushfuncname` of https://github.com/lua/lua/blob/master/lauxlib.c): `function 'total'`, `method 'total'`, `upvalue`.
Names of chunks that are no files: https://github.com/openresty/lua-nginx-module#content_by_lua
(`content_by_lua(nginx.conf:35)`), behind whose last frame the server's facts follow, and `[love "boot.lua"]`.
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RaisedError, StackFrame, frames_in, lines_of, number_or_none
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (": in ",)
EXTENSIONS = (".lua", ".luau", ".moon", ".tl")
SOURCE = r"(?:\[[A-Za-z][^\n\]]{0,200}\]|[a-z_]{1,40}\([^()\n]{1,200}\)|(?:[A-Za-z]:)?[^\s:\[][^:\n]{0,300})"
FORM = re.compile(rf"^[ \t]{{1,8}}{SOURCE}(?::\d{{1,9}})?: in ", re.M)
FRAME = re.compile(rf"[ \t]{{1,8}}(?P<file>{SOURCE})(?::(?P<line>\d{{1,9}}))?: in (?P<what>[^\n]{{1,300}})")
NAME = re.compile(r"^[a-z ]{1,40}['`\"](?P<name>[^'\"\n]{1,200})['\"]")
MESSAGE = re.compile(r"(?:lua\w{0,20}: )?[^\n]{1,300}?:\d{1,9}: (?P<message>[^\n]{1,1000})$")
OWNERS = FileOwners(
    runtime=re.compile(r"^(?:\[C\]|\[builtin|\[love|=)"),  # `[C]`: the host program and the standard library
    library=re.compile(r"/share/lua/|/lualib/|(?:^|/)resty/|/lua_modules/|/\.luarocks/"),
    test=re.compile(r"_spec\.lua$|(?:^|/)spec/"),  # https://lunarmodules.github.io/busted/
)


def read_lua(text: str) -> RaisedError | None:
    """Return the error with its frames; None for a text without one."""
    lines = lines_of(text)
    frames = frames_in(lines, lua_frame)
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
    return frame._replace(owner=OWNERS.owner_of(frame.file), key=code_key(name, frame.file))


READ, DESCRIBE = read_lua, described_lua
