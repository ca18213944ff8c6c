"""
Elixir and Erlang: stacks of the BEAM.

Elixir: https://hexdocs.pm/elixir/Exception.html#format_stacktrace_entry/1. Erlang:
https://www.erlang.org/doc/system/errors.html#the-call-stack-back-trace-stacktrace, as a term (beam_terms.py), as its
shell prints it, and as lager does: https://github.com/erlang-lager/lager/blob/master/src/error_logger_lager_h.erl. An
exception in another process is told under the exit that it caused, further to the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.stacks.frame import (
    LIBRARY,
    MAX_CAUSES,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    chained,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.beam_terms import term_frames
from telemetry.stacks.places import is_in_library, without_builds

BEFORE = ()
MARKS = (".ex", ".erl", "eex:", ".gleam:", "** (", "in function ", "in call from ", "with reason: ")
EXTENSIONS = (".ex", ".exs", ".eex", ".heex", ".leex", ".erl", ".hrl", ".gleam")
FILE = r"(?P<file>[\w./@-]{1,300}\.(?:exs?|[hl]?eex|erl|hrl|gleam))"
FORM = re.compile(
    r"^[ \t]{0,40}(?:\(\w{1,60} [\w.+-]{1,60}\) |(?:\(\w{1,60}\) )?[\w./@-]{1,300}\.(?:exs?|[hl]?eex|erl|hrl"
    r"|gleam):\d{1,9}: )[^\n]{1,400}[/(]"
    r"|\{file,\s{0,200}\"[^\"\n]{1,300}\"\},\s{0,200}\{line,\d"
    r"|^[ \t]{0,40}in (?:function|call from) {1,3}[^\s(]{1,300}:"
    r"|with reason: (?:(?! line \d|with reason: )[^\n]){1,1200}+ line \d",
    re.M,
)
ELIXIR = re.compile(
    rf"(?P<indent>[ \t]{{0,60}})(?:\((?P<app>\w{{1,60}})(?: [\w.+-]{{1,60}})?\) )?(?:{FILE}:(?P<line>\d{{1,9}}): )?"
    r"(?P<function>(?:anonymous fn/\d{1,3} in )?[:A-Za-z_\"][^\s(]{0,300}?)(?:/\d{1,3}$|\()"
)
SHELL = re.compile(
    r"[ \t]{0,40}in (?:function|call from) {1,3}(?P<function>[^\s(]{1,300}?)/\d{1,3}"
    r"(?: \((?P<file>[^,:\n()]{1,300})(?:, line |:)(?P<line>\d{1,9})\))?$"
)
# Of lager, whose frames stand in one line: https://github.com/erlang-lager/lager
PLACE = re.compile(r" line (?P<line>\d{1,9})")
WITH_ARITY = re.compile(r"\b(?P<function>[a-z]\w{0,60}+:[a-z]\w{0,60}+)/\d{1,3}$")
WITH_ARGUMENTS = re.compile(r"\b(?P<function>[a-z]\w{0,60}+:[a-z]\w{0,60}+)\(")
LONGEST_CALL = 600
HEADER = re.compile(r"(?P<indent>[ \t]{0,60})\*\* \((?P<type>[\w.]{1,200})\) ?(?P<message>[^\n]{0,1000})$")
INNERMOST = 1_000  # an indentation within that of every header
EXITS = frozenset({"EXIT", "exit", "stop"})
ANONYMOUS = re.compile(r"^anonymous fn(?:/\d{1,3})? in ")
LIFTED = re.compile(
    r"(?<![\w-])\"?-(?P<of>[^\"\n/]{1,80}+)/\d{1,3}+-(?:fun|anonymous|lc\$\^?|inlined)[^\"\n]{0,60}\"?"
)
RUNTIME_APP = re.compile(
    r"^(?:elixir|stdlib|kernel|erts|logger|ex_unit|mix|iex|eex|compiler|ssl|crypto|inets|mnesia|sasl"
    r"|public_key|asn1|eunit"
    r"|common_test|runtime_tools)$"
)
RUNTIME_MODULE = re.compile(
    r"^:?(?:erlang|lists|maps|ets|dets|gen_server|gen_statem|gen_event|gen|proc_lib|supervisor|timer"
    r"|io|io_lib|file|binary|string"
    r"|erl_eval|erl_internal|shell|init|code|application\w*|rpc|erpc|global|unicode|re|rand|queue|sets"
    r"|ordsets|orddict|dict"
    r"|proplists|calendar|crypto|ssl|eunit\w*|ct_\w+|test_server)[.:]|^(?:Enum|Stream|Map|Keyword|List"
    r"|String|Integer|Float|Kernel"
    r"|Access|Agent|Task|GenServer|Supervisor|DynamicSupervisor|Process|Registry|File|IO|Code|Module"
    r"|Macro|ExUnit|Mix|System"
    r"|Regex|DateTime|Date|URI|Base|Tuple|Range|MapSet|Application|Logger)[.]"
)
LIBRARY_APP = re.compile(
    r"^(?:phoenix\w*|plug\w*|ecto\w*|cowboy\w*|cowlib|ranch|bandit|thousand_island|db_connection"
    r"|postgrex|myxql|oban\w*|absinthe\w*"
    r"|broadway\w*|gen_stage|finch|mint\w*|tesla|req|httpoison|hackney|poison|jason|telemetry\w*"
    r"|opentelemetry\w*|sentry|swoosh"
    r"|bamboo|guardian|ueberauth\w*|nimble_\w+|libcluster|horde|quantum|redix|mongodb\w*|amqp|brod"
    r"|kafka_ex|grpc|mox|bypass|lager)$"
)
TEST_FILE = re.compile(r"_test\.exs$|_(?:SUITE|tests)\.erl$")


def read_beam(text: str) -> RaisedError | None:
    """Return the exception that left, with that of another process which caused it; None without a frame."""
    headers: list[tuple[int, RaisedError, list[StackFrame]]] = [(-1, RaisedError("", "", ()), [])]
    for line in lines_of(text):
        if header := HEADER.match(line):
            if header["type"] not in EXITS or len(headers) == 1:
                headers.append(
                    (len(header["indent"]), RaisedError(header["type"], header["message"], ()), [])
                )
            continue
        for frame, indent in beam_frames(line):
            owners = [frames for start, _, frames in headers if start < indent]
            owners[-1].append(frame)
    headers[-1][2].extend(term_frames(text))
    named = [(raised, frames) for _, raised, frames in headers if frames or raised.error_type][
        : MAX_CAUSES * 2
    ]
    exceptions = [raised._replace(frames=tuple(frames)) for raised, frames in named]
    return chained(exceptions) if any(raised.frames for raised in exceptions) else None


def beam_frames(line: str) -> list[tuple[StackFrame, int]]:
    """Return the frames that are printed in the line, each with its indentation."""
    if match := ELIXIR.match(line):
        if not (match["app"] or match["file"]):
            return []
        owner = app_owner(match["app"] or "")
        frame = StackFrame(match["function"], match["file"] or "", number_or_none(match["line"]))
        return [(frame._replace(owner=owner) if owner else frame, len(match["indent"]))]
    if match := SHELL.match(line):
        frame = StackFrame(match["function"], match["file"] or "", number_or_none(match["line"]))
        return [(frame, INNERMOST)]
    if "with reason: " not in line:
        return []
    return [(frame, INNERMOST) for frame in lager_frames(line)]


def lager_frames(line: str) -> Iterator[StackFrame]:
    """Yield the frames of a line that lists calls, each with its arity or arguments before its place."""
    end = 0
    for place in PLACE.finditer(line):
        call = line[max(end, place.start() - LONGEST_CALL) : place.start()]
        form = WITH_ARGUMENTS if call.endswith(")") else WITH_ARITY
        if match := form.search(call):
            yield StackFrame(match["function"], "", int(place["line"]))
            end = place.end()


def app_owner(app: str) -> str:
    """Return whose code an application is; "" for one that is not known."""
    if RUNTIME_APP.match(app):
        return RUNTIME
    return LIBRARY if LIBRARY_APP.match(app) else ""


def described_beam(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key, which has no arity."""
    function = beam_name(frame.function)
    return frame._replace(
        function=function, owner=beam_owner(function, frame.file), key=without_builds(function)
    )


def beam_name(function: str) -> str:
    """Return the function in which a closure stands: `Shop.Cart.total` for `anonymous fn/1 in Shop.Cart.total`."""
    name = LIFTED.sub(r"\g<of>", ANONYMOUS.sub("", function))
    name = re.sub(r"/\d{1,3}$", "", name).replace('"', "").replace("'", "")
    return name.removeprefix("Elixir.").replace(":", ".", 1) if name.startswith("Elixir.") else name


def beam_owner(function: str, file: str) -> str:
    """Return whose code the function is, by its module and its file."""
    if RUNTIME_MODULE.match(function):
        return RUNTIME
    if is_in_library(file) or file.startswith("deps/") or "/deps/" in file:
        return LIBRARY
    return TEST if TEST_FILE.search(file) else OWN


READ, DESCRIBE = read_beam, described_beam
