"""
C#, F# and Visual Basic: stacks of .NET and Mono, with inner and aggregated exceptions.

Forms: https://learn.microsoft.com/dotnet/api/system.exception.tostring and
https://github.com/dotnet/runtime/blob/main/src/libraries/System.Private.CoreLib/src/System/Diagnostics/StackTrace.cs,
aggregates in AggregateException.ToString of that library. .NET Framework writes `at` in the language of its user.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from telemetry.stacks.frame import (
    LIBRARY,
    MAX_CAUSES,
    MAX_FRAMES,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.dotnet_names import dotnet_name
from telemetry.stacks.places import is_in_library, without_builds

BEFORE = ("plain",)
MARKS = (
    "at ",
    "bei ",
    "à ",
    "en ",
    "em ",
    "w ",
    "в ",
    "vid ",
    "ved ",
    "konum: ",
    "位置",
    "在",
    "於",
    "場所",
    "위치",
)
EXTENSIONS = (".cs", ".fs", ".vb", ".razor", ".cshtml", ".xaml")
AT = r"(?:at|bei|à|en|a|em|w|в|vid|ved|konum:|位置|在|於|場所|위치:)"
ARGUMENTS = r"(?:(?!Native Method\)|Unknown Source)[^() \n]{1,600}+ [^()\n]{0,600}+)?"
FORM = re.compile(rf"^[ \t]{{0,40}}{AT} [^\s().]{{1,300}}+\.[^\s()]{{1,500}}+ ?\({ARGUMENTS}\)", re.M)
FRAME = re.compile(
    rf"[ \t]{{0,40}}{AT} (?:\(wrapper [\w-]{{1,40}}\) )?(?P<function>[^\s()]{{1,500}}+) ?\({ARGUMENTS}\)"
    r"(?P<rest>[^\n]{0,900})$"
)
# The second word is `in`, the third `line`, in the language of the user. Mono has an offset, and `<id>:0` for no file.
SOURCE = re.compile(
    r"(?: \[0x[0-9a-f]{1,8}\])?"
    r"(?: \S{1,8} (?:<[\w-]{1,80}>:0|(?P<file>[^\n]{1,600}?):(?:\S{1,12} )?(?P<line>\d{1,9})))?[ \t]*(?:<---)?$"
)
INNER = re.compile(r"[ \t]{0,40}---> (?:\(Inner Exception #\d{1,6}\) )?(?P<rest>[^\n]{0,1500})$")
END_OF_INNER = re.compile(r"[ \t]{0,40}--- (?!End of stack trace from)\S[^\n]{0,100} ---$")
TYPE_AND_MESSAGE = re.compile(
    r"(?P<type>[A-Za-z_][\w.+`]{0,300})(?: \([^)\n]{1,60}\))?(?:: (?P<message>.*))?$"
)
RUNTIME_NAMESPACE = re.compile(
    r"^(?:System|Microsoft|Windows|Interop|Internal|MS|Mono|Xamarin|UnityEngine|UnityEditor"
    r"|lambda_method\d*|DynamicClass"
    r"|Xunit|NUnit|nunit|FluentAssertions|Shouldly)(?:\.|$)"
)
LIBRARY_NAMESPACE = re.compile(
    r"^(?:Newtonsoft|Dapper|Npgsql|MySql|MySqlConnector|Oracle|StackExchange|Serilog|NLog|Autofac|AutoMapper|MediatR"
    r"|Polly|RestSharp|Refit|Grpc|Google|Amazon|Azure|MongoDB|RabbitMQ|MassTransit|Hangfire|Quartz|FluentValidation"
    r"|OpenTelemetry|Swashbuckle|NHibernate|ServiceStack|Elasticsearch|Nest|Confluent|Castle|Moq|NSubstitute|FakeItEasy"
    r"|Akka|Orleans|IdentityServer4|Duende|Flurl|GraphQL|HotChocolate|SQLitePCL|EFCore)\."
)
TEST_CLASS = re.compile(r"(?:Tests?|Specs?|Fixture)(?=\.[^.]{1,200}$)")


@dataclass(slots=True)
class DotnetException:
    """One exception of the text, with those inside it."""

    error_type: str
    message: str
    frames: list[StackFrame] = field(default_factory=list)
    inner: list[DotnetException] = field(default_factory=list)

    def raised(self, depth: int = 0) -> RaisedError:
        """Return the exception with its causes; several inner ones are the members of an aggregate."""
        inner = [each.raised(depth + 1) for each in self.inner[:MAX_CAUSES]] if depth < MAX_CAUSES else []
        raised = RaisedError(self.error_type, self.message, tuple(self.frames[:MAX_FRAMES]))
        if len(inner) > 1 or (inner and self.error_type.endswith("AggregateException")):
            return raised._replace(members=tuple(inner))
        return raised._replace(cause=inner[0]) if inner else raised


def read_dotnet(text: str) -> RaisedError | None:
    """Return the exception that left, with those inside it; None for a text without a frame."""
    outermost: DotnetException | None = None
    opened: list[DotnetException] = []
    for line in lines_of(text):
        if frame := dotnet_frame(line):
            outermost, opened = (outermost, opened) if outermost and opened else begin(outermost, "")
            opened[-1].frames.append(frame)
        elif inner := INNER.match(line):
            outermost, opened = (outermost, opened) if outermost and opened else begin(outermost, "")
            open_inner(opened, inner["rest"])
        elif END_OF_INNER.match(line) and len(opened) > 1:
            opened.pop()
        elif outermost is None and line.strip():
            outermost, opened = begin(None, line.strip())
        if line.endswith("<---") and len(opened) > 1:
            opened.pop()
    raised = with_libraries(outermost.raised()) if outermost else None
    return raised if raised and any(raised.all_frames()) else None


def begin(outermost: DotnetException | None, header: str) -> tuple[DotnetException, list[DotnetException]]:
    """Return the outermost exception, new by its header if there is none yet, and the list of those that are open."""
    if outermost is None:
        first, *inner = header.split(" ---> ")[:MAX_CAUSES]
        outermost = exception_of(first)
        opened = [outermost]
        for each in inner:
            open_inner(opened, each)
        return outermost, opened
    return outermost, [outermost]


def open_inner(opened: list[DotnetException], header: str) -> None:
    """Begin an exception inside the innermost one that is open."""
    inner = exception_of(header)
    if not any(same_exception(each, inner) for each in opened[-1].inner):
        opened[-1].inner.append(inner)
    opened.append(inner)


def same_exception(one: DotnetException, other: DotnetException) -> bool:
    """Whether the text repeats an exception: an aggregate may list its first one twice."""
    return (one.error_type, one.message) == (other.error_type, other.message)


def exception_of(header: str) -> DotnetException:
    """Return the exception that `Type: message` names."""
    match = TYPE_AND_MESSAGE.match(header.strip())
    return DotnetException(match["type"], match["message"] or "") if match else DotnetException("", header)


def dotnet_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines. A function without a namespace or class is none of .NET."""
    match = FRAME.match(line)
    if match is None or "." not in match["function"]:
        return None
    source = SOURCE.match(match["rest"])
    if source is None:
        return None
    return StackFrame(match["function"], source["file"] or "", number_or_none(source["line"]))


def with_libraries(raised: RaisedError) -> RaisedError:
    """Return the exception; if it has files, frames without one are a library's, which comes without its symbols."""
    has_files = any(frame.file for frame in raised.all_frames())
    return marked(raised) if has_files else raised


def marked(raised: RaisedError) -> RaisedError:
    """Return the exception with frames without a file as a library's, unless they are the runtime's."""
    frames = tuple(
        frame if frame.file or dotnet_owner(frame.function, "") == RUNTIME else frame._replace(owner=LIBRARY)
        for frame in raised.frames
    )
    return raised._replace(
        frames=frames,
        cause=marked(raised.cause) if raised.cause else None,
        members=tuple(map(marked, raised.members)),
    )


def described_dotnet(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key, which no symbols change."""
    function = dotnet_name(frame.function)
    return frame._replace(
        function=function, owner=dotnet_owner(frame.function, frame.file), key=without_builds(function)
    )


def dotnet_owner(function: str, file: str) -> str:
    """Return whose code the method is, by its namespace and the path of its file."""
    if RUNTIME_NAMESPACE.match(function):
        return RUNTIME
    if LIBRARY_NAMESPACE.match(function) or is_in_library(file):
        return LIBRARY
    return TEST if TEST_CLASS.search(function) else OWN


READ, DESCRIBE = read_dotnet, described_dotnet
