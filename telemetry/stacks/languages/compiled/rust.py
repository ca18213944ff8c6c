"""
Rust: backtraces of panics and of errors, with and without places.

Forms: https://doc.rust-lang.org/std/backtrace/index.html, the message of a panic in
https://github.com/rust-lang/rust/blob/master/library/std/src/panicking.rs, and `{:?}` of
https://docs.rs/anyhow/latest/anyhow/struct.Error.html#display-representations. Names:
https://doc.rust-lang.org/rustc/symbol-mangling/index.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telemetry.stacks.frame import LIBRARY, OWN, RUNTIME, RaisedError, StackFrame, lines_of
from telemetry.stacks.places import is_in_library, short_place, slashed, without_builds

BEFORE = ("javascript", "plain")
MARKS = (".rs:", "::", "rust_")
EXTENSIONS = (".rs",)
FORM = re.compile(
    r"^[ \t]{0,12}\d{1,4}: [^\n]{0,400}(?:::|rust_|__rust)|^thread '[^\n]{0,200} panicked at "
    r"|^[ \t]{1,40}at [^\n]{1,500}\.rs:\d",
    re.M,
)
FRAME = re.compile(r"[ \t]{0,12}\d{1,4}: (?:0x[0-9a-f]{1,16} - )?(?!0x)(?P<function>[^\s:][^\n]{0,600})$")
PLACE = re.compile(r"[ \t]{1,40}at (?P<file>[^\n]{1,500}?):(?P<line>\d{1,9})(?::\d{1,9})?$")
PANICKED = re.compile(
    r"thread '[^'\n]{0,200}'(?: \(\d{1,20}\))? panicked at (?:'(?P<message>[^\n]{0,800})', )?"
    r"(?P<file>(?:(?!', )[^\n]){1,400}?):(?P<line>\d{1,9}):\d{1,9}:?$"
)
BACKTRACE = re.compile(r"[ \t]{0,20}(?:[Ss]tack backtrace:|.{0,40} BACKTRACE .{0,40})$")
CAUSES = "Caused by:"
CAUSE = re.compile(r"[ \t]{1,12}(?:\d{1,4}: )?(?P<message>\S[^\n]{0,500})$")
RUNTIME_CRATE = re.compile(
    r"^(?:std|core|alloc|test|proc_macro|backtrace|gimli|addr2line|panic_unwind|panic_abort|_*rust_\w*|_*rg_\w*|main"
    r"|_*libc_start\w*|_start|start_thread|clone3?|BaseThreadInitThunk|RtlUserThreadStart"
    r"|_*pthread_\w+|<unknown>|invoke_main"
    r"|__scrt_\w+)(?:::|$|\.)"
)
RUNTIME_FILE = re.compile(r"/rustc/[0-9a-f]{6,40}/|(?:^|/)library/(?:std|core|alloc|test|panic_unwind)/src/")
# Crates that run other code; where a stack has no files, the name of the crate is all that says whose code it is.
LIBRARY_CRATE = re.compile(
    r"^(?:tokio\w*|futures\w*|async_\w+|smol|hyper\w*|axum\w*|tower\w*|actix\w*|warp|rocket\w*"
    r"|tonic\w*|h2|http\w*|reqwest"
    r"|anyhow|eyre|color_eyre|thiserror|tracing\w*|log|env_logger|opentelemetry\w*|sentry\w*|serde\w*|sqlx\w*|diesel\w*"
    r"|sea_orm\w*|rayon\w*|crossbeam\w*|parking_lot\w*|mio|rustls\w*|native_tls|openssl|bytes|url"
    r"|regex\w*|rand\w*|chrono"
    r"|once_cell|lazy_static|clap\w*|redis|mongodb|lapin|rdkafka|aws_\w+|tungstenite|hashbrown|indexmap|uuid|itertools"
    r"|mockall\w*|rstest\w*|proptest\w*|criterion\w*)(?:::|$)"
)
HASH = re.compile(r"::h[0-9a-f]{16}(?:E)?$")
CLOSURE = re.compile(
    r"(?:::|(?<!\{))\{{1,3}+(?:closure|impl|async_\w{1,40}+|coroutine|generator|shim|vtable\.shim|constant)"
    r"[^{}\n]{0,80}+\}{1,3}+"
)
LONGEST_NAME = 600


def read_rust(text: str) -> RaisedError | None:
    """Return the failure with its backtrace, or with the place that a panic names; None for a text without either."""
    lines = lines_of(text)
    start = next((at + 1 for at, line in enumerate(lines) if BACKTRACE.match(line)), 0)
    frames = rust_frames(lines[start:])
    panicked = next((match for line in lines[: start or 50] if (match := PANICKED.match(line))), None)
    if not frames and panicked:
        frames = (StackFrame("", panicked["file"], int(panicked["line"])),)
    if not frames:
        return None
    message = (panicked["message"] if panicked else "") or last_cause(lines[:start]) or lines[0].strip()
    return RaisedError("", message, frames)


def last_cause(lines: Sequence[str]) -> str:
    """Return the message of the innermost cause that an error names; "" without one."""
    start = next((at for at, line in enumerate(lines) if line.strip() == CAUSES), len(lines))
    causes = [match["message"] for line in lines[start + 1 :] if (match := CAUSE.match(line))]
    return causes[-1] if causes else ""


def rust_frames(lines: Sequence[str]) -> tuple[StackFrame, ...]:
    """Return the frames, each with the place in the line behind it, if any."""
    frames: list[StackFrame] = []
    for line in lines:
        frame = FRAME.match(line)
        if frame and is_function(frame["function"]):
            frames.append(StackFrame(frame["function"].rstrip(), ""))
        elif frames and not frames[-1].file and (place := PLACE.match(line)):
            frames[-1] = frames[-1]._replace(file=place["file"], line=int(place["line"]))
    return tuple(frames)


def is_function(text: str) -> bool:
    """Whether a numbered text is the path of a function, and no sentence, as in a list of causes."""
    return "::" in text or " " not in text.strip()


def described_rust(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key: with a function, no file."""
    function = rust_name(frame.function)
    owner = rust_owner(frame.function, frame.file)
    return frame._replace(
        function=function, owner=owner, key=without_builds(function or short_place(frame.file))
    )


def rust_name(function: str) -> str:
    """Return the path of the function as it was written: without hash, closures, and types that it was compiled for."""
    function = CLOSURE.sub("", HASH.sub("", function[:LONGEST_NAME]))
    return without_types(function).replace("::::", "::").strip(":")


def without_types(function: str) -> str:
    """
    Return the path without what stands in angle brackets: `tokio::Core::poll` for `tokio::Core<T,S>::poll`.

    At the beginning they hold the type of a method, which stays: `shop::Cart::fmt` for `<shop::Cart as Debug>::fmt`.
    """
    if function.startswith("<"):
        kept = re.split(r" as |>|<", function[1:], maxsplit=1)[0].lstrip("&*").removeprefix("mut ")
        return kept + without_brackets(function)
    return without_brackets(function)


def without_brackets(text: str) -> str:
    """Return the text outside of all angle brackets; the arrow of a function's type closes none."""
    kept, depth = [], 0
    for at, character in enumerate(text):
        if character == "<":
            depth += 1
        elif character == ">" and text[at - 1 : at] not in ("-", "="):
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(character)
    return "".join(kept)


def rust_owner(function: str, file: str) -> str:
    """Return whose code the function is, by its file, else by its crate."""
    path, name = slashed(file), rust_name(function)
    if RUNTIME_FILE.search(path) or (RUNTIME_CRATE.match(name) and not path.endswith("src/main.rs")):
        return RUNTIME
    if is_in_library(path) or (not path and LIBRARY_CRATE.match(name)):
        return LIBRARY
    return OWN


READ, DESCRIBE = read_rust, described_rust
