"""
OCaml: backtraces with and without names of functions, which it has since version 4.11.

Form: https://github.com/ocaml/ocaml/blob/trunk/stdlib/printexc.ml (`format_backtrace_slot`). Async's monitors quote the
lines in an S-expression: https://github.com/janestreet/async_kernel/blob/master/src/monitor.ml. Names of modules:
https://dune.readthedocs.io/en/stable/explanation/mental-model.html (`Shop__Cart`, `Dune__exe__Main`).
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import LIBRARY, RUNTIME, RaisedError, StackFrame, frames_in, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (' file "', ' file \\"')
EXTENSIONS = (".ml", ".mli", ".mll", ".mly", ".re")
SLOT = r"(?:Raised(?: by primitive operation)?|Re-raised|Called) (?:at|from) "
FORM = re.compile(rf"^[ \t]{{0,8}}\(?\"?{SLOT}(?:[^\s\"]{{1,300}} in )?file \\?\"", re.M)
FRAME = re.compile(
    rf"[ \t]{{0,8}}{SLOT}(?:(?P<function>[^\s\"]{{1,300}}) in )?file \"(?P<file>[^\"\n]{{1,300}})\""
    r"(?: \(inlined\))?, lines? (?P<line>\d{1,9})"
)
HEADER = re.compile(
    r"[ \t]{0,8}(?:(?:Fatal error|Error): exception |Exception: |Uncaught exception: |\(monitor\.ml\.Error )?"
    r"\(?(?P<type>[A-Z][\w.]{0,200})"
    r"(?:[ (]{1,2}\"?(?P<message>[^\n]{0,1000}?)\"?\)?)?$"
)
FAILED = re.compile(
    r"(?:Fatal error|Error): exception |Exception: |Uncaught exception: |\(monitor\.ml\.Error |[ \t]{1,8}\([A-Z]"
)
QUOTED_SLOT = re.compile(r"^[ \t]{0,8}\(?\"(?=Raised|Re-raised|Called)")
DUNE = re.compile(r"^Dune__exe__")
CLOSURE = re.compile(r"(?:\.\(fun(?::\d{1,9})?\)){1,8}+$")
RUNTIME_MODULE = re.compile(r"^(?:Stdlib|Camlinternal\w*|Std_exit)(?:\.|$)")
LIBRARY_MODULE = re.compile(
    r"^(?:Lwt|Async|Base|Core|Core_kernel|Sexplib0?|Stdio|Eio|Cohttp|Dream|Httpaf|H1|Caqti|Yojson|Ezjsonm|Cmdliner"
    r"|Logs|Fmt|Uri|Re|Str|Conduit|Opium|Irmin|Mirage|Containers|Batteries|Alcotest|OUnit\w*|QCheck|Ppx_\w+)(?:_|\.|$)"
)
OWNERS = FileOwners(
    # The standard library is compiled in its own folder.
    runtime=re.compile(
        r"^(?:stdlib|list|array|hashtbl|map|set|string|bytes|buffer|printexc|printf|format|scanf|seq|option|result|queue"
        r"|stack|lazy|fun|filename|domain|effect|in_channel|out_channel|camlinternal\w*|thread|unix|event)\.ml$"
    ),
    library=re.compile(r"(?:^|/)(?:lwt|async|base|core)[\w.-]{0,30}\.ml$|/\.opam/|(?:^|/)_opam/"),
    test=re.compile(r"(?:^|/)tests?/"),
)


def read_ocaml(text: str) -> RaisedError | None:
    """Return the exception with its frames; None for a text without one."""
    lines = lines_of(text)
    if '\\"' in text:
        lines = [QUOTED_SLOT.sub("", line).replace('\\"', '"') for line in lines]
    frames = frames_in(lines, ocaml_frame)
    header = next((HEADER.match(line) for line in lines[:50] if FAILED.match(line)), None)
    error_type, message = (header["type"], header["message"] or "") if header else ("", "")
    return RaisedError(error_type.rpartition(".")[2], message, frames) if frames else None


def ocaml_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    match = FRAME.match(line)
    return StackFrame(match["function"] or "", match["file"], int(match["line"])) if match else None


def described_ocaml(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key."""
    function = CLOSURE.sub("", DUNE.sub("", frame.function)).replace("__", ".")
    return frame._replace(
        function=function, owner=ocaml_owner(function, frame.file), key=code_key(function, frame.file)
    )


def ocaml_owner(function: str, file: str) -> str:
    """Return whose code the function is: paths are those in which each library was compiled, so its module counts."""
    if RUNTIME_MODULE.match(function):
        return RUNTIME
    return LIBRARY if LIBRARY_MODULE.match(function) else OWNERS.owner_of(file)


READ, DESCRIBE = read_ocaml, described_ocaml
