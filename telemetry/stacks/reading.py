"""
The choice of the language in which a stack is written, and its frames with their owners.

The languages are found by looking: each file of `telemetry/stacks/languages`, and of its `compiled`, that has a FORM
is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, cast

from telemetry.discovery import find_modules, in_order, require_parts
from telemetry.short_cache import cached_if_short
from telemetry.stacks import languages
from telemetry.stacks.frame import MAX_CAUSES, MAX_FRAMES, UNKNOWN, RaisedError, StackFrame
from telemetry.stacks.languages import compiled

PARTS = ("BEFORE", "MARKS", "FORM", "EXTENSIONS", "READ", "DESCRIBE")
# Most stacks are of these, and reading ends with the first language whose frames make up the text.
COMMON = ("python", "jvm", "go", "ruby", "php", "rust", "dart", "javascript", "powershell", "dotnet")
LONGEST_END = 32_000  # characters read at each end of a stack: chains have their root cause at either
MOST_LINES_A_FRAME = 4  # of Python: place, code, its marks, and now and then a blank line
CACHED_STACKS, LONGEST_CACHED = 64, 16_000  # one failure often comes many times in a row
CACHED_FRAMES = 4096
EXTENSION = re.compile(r"\.[A-Za-z]\w{0,9}$")


class Language(Protocol):
    """The parts that each language's file offers."""

    __name__: str
    BEFORE: tuple[str, ...]  # languages whose form fits its stacks too
    MARKS: tuple[
        str, ...
    ]  # one of them is in every stack of the language; only texts with one are searched for its form
    FORM: re.Pattern[str]  # found in every stack of the language
    EXTENSIONS: tuple[str, ...]  # of its source files
    READ: Callable[
        [str], RaisedError | None
    ]  # the exception that left, frames without owners; None without a frame
    DESCRIBE: Callable[
        [StackFrame], StackFrame
    ]  # adds the written name of the function, the owner and the key


def found_languages() -> tuple[Language, ...]:
    """Return the languages of the packages in the order in which they are asked."""
    packages = (languages, compiled)
    modules = [module for each in packages for module in find_modules(each.__name__, each.__path__, "FORM")]
    require_parts(modules, PARTS)
    return tuple(cast(Language, module) for module in in_order(modules, COMMON))


LANGUAGES = found_languages()
BY_NAME = {language.__name__.rpartition(".")[2]: language for language in LANGUAGES}
BY_EXTENSION = {extension: name for name, language in BY_NAME.items() for extension in language.EXTENSIONS}
# The languages of frames whose file says none: of a file, and of a function that is known by its package.
PLAIN, PACKAGES = "plain", "jvm"


def parsed_stack(text: str) -> RaisedError | None:
    """Return the exception in the stack's text, with its causes and frames; None if no language's form fits."""
    if len(text) > 2 * LONGEST_END:
        text = f"{text[:LONGEST_END]}\n{text[-LONGEST_END:]}"
    return cached_stack(text) if len(text) <= LONGEST_CACHED else read_stack(text)


def read_stack(text: str) -> RaisedError | None:
    """Return the exception as the first language reads it whose frames make up the text, else the one with most."""
    lines = text.count("\n") + 1
    best_name, best, most = "", None, 0
    for name, language in BY_NAME.items():
        if not fits(language, text):
            continue
        raised = language.READ(text)
        frames = frame_count(raised) if raised else 0
        if frames > most:
            best_name, best, most = name, raised, frames
        if frames * MOST_LINES_A_FRAME >= lines:
            break
    return completed(best, best_name) if best else None


def fits(language: Language, text: str) -> bool:
    """Whether the text has the form of the language."""
    for mark in language.MARKS:  # faster than any(...), which makes a generator for each language
        if mark in text:
            return bool(language.FORM.search(text))
    return False


cached_stack = lru_cache(maxsize=CACHED_STACKS)(read_stack)


def frame_count(raised: RaisedError) -> int:
    """Return the number of frames in the exception, its causes and its members."""
    return sum(1 for _ in raised.all_frames())


def completed(raised: RaisedError, name: str) -> RaisedError:
    """Return the exception with owners and keys in all frames."""
    return raised._replace(
        frames=tuple(described_frame(frame, name) for frame in raised.frames[:MAX_FRAMES]),
        cause=completed(raised.cause, name) if raised.cause else None,
        members=tuple(completed(member, name) for member in raised.members[:MAX_CAUSES]),
    )


def described_frame(frame: StackFrame, name: str) -> StackFrame:
    """Return the frame with owner and key, by the language of its file, else by the one of its stack."""
    function, owner, key = description((frame.function, frame.file, name))
    known_owner = (
        owner if frame.owner == UNKNOWN else frame.owner
    )  # a language may know it from the whole stack
    return StackFrame(function, frame.file, frame.line, known_owner, key)


@cached_if_short(CACHED_FRAMES)
def description(texts: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return the written name, owner and key of a frame with this function and file in a stack of that language."""
    function, file, name = texts
    frame = BY_NAME[language_of(file, name)].DESCRIBE(StackFrame(function, file))
    return frame.function, frame.owner, frame.key[:200]


def language_of(file: str, name: str) -> str:
    """Return the language of the file by its extension, else that name."""
    extension = EXTENSION.search(file)
    return BY_EXTENSION.get(extension[0], name) if extension else name


def frame_of(function: str, file: str, line: int | None) -> StackFrame:
    """Return the frame with its owner and key, from facts that no stack says, such as attributes of a span."""
    return described_frame(StackFrame(function, file, line), PLAIN if file else PACKAGES)
