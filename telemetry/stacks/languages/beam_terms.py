"""
Stacks of Erlang as terms: `[{shop_cart,total,[1,2],[{file,"src/shop_cart.erl"},{line,14}]},{lists,map,2,[]}]`.

https://www.erlang.org/doc/apps/erts/erlang.html#t:stacktrace/0. A pretty-printed term has line breaks anywhere, and
the arguments of a call may hold any term, another stack too, so a frame is found by the brackets around its place.
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import MAX_CAUSES, MAX_FRAMES, StackFrame, number_or_none

SPACE = r"[ \t\r\n]{0,200}"
TOKEN = re.compile(
    rf"\{{file,{SPACE}\"(?P<file>[^\"\n]{{1,300}})\"\}},{SPACE}\{{line,(?P<line>\d{{1,9}})\}}"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?|(?P<open>[{\[])|(?P<close>[}\]])"
)
CALL = re.compile(
    rf"\{{(?P<module>[a-z]\w{{0,100}}|'[^'\n]{{1,200}}'),{SPACE}(?P<name>[a-z][\w@]{{0,100}}|'[^'\n]{{1,200}}'),"
)
WITHOUT_PLACE = re.compile(
    rf"\{{(?P<module>[a-z]\w{{0,100}}|'[^'\n]{{1,200}}'),{SPACE}(?P<name>[a-z][\w@]{{0,100}}|'[^'\n]{{1,200}}'),"
    rf"{SPACE}\d{{1,3}},{SPACE}\[\]\}}"
)


def term_frames(text: str) -> list[StackFrame]:
    """Return the frames of the stacks in the text that are terms."""
    if "{file," not in text:
        return []
    frames: list[StackFrame] = []
    opened: list[int] = []  # where each bracket that is open stands
    for token in TOKEN.finditer(text):
        if token["open"]:
            opened.append(token.start())
            if call := WITHOUT_PLACE.match(text, token.start()):
                frames.append(term_frame(call, "", None))
        elif token["close"]:
            del opened[-1:]
        elif token["file"] and len(opened) > 1 and (call := CALL.match(text, opened[-2])):
            frames.append(term_frame(call, token["file"], number_or_none(token["line"])))
        if len(frames) >= MAX_FRAMES * MAX_CAUSES:
            break
    return frames


def term_frame(call: re.Match[str], file: str, line: int | None) -> StackFrame:
    """Return the frame of a call at its place."""
    return StackFrame(f"{call['module']}:{call['name']}", file, line)
