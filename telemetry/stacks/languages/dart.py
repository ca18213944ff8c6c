"""
Dart and Flutter: stacks of the virtual machine, of package:stack_trace, and of compiled programs without symbols.

Forms: https://api.dart.dev/dart-core/StackTrace-class.html, https://pub.dev/packages/stack_trace, and
https://docs.flutter.dev/deployment/obfuscate#read-an-obfuscated-stack-trace
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
    frames_in,
    lines_of,
    number_or_none,
)
from telemetry.stacks.places import code_key, is_in_library

BEFORE = ("javascript", "native", "plain")
MARKS = ("package:", "dart:", ".dart", " abs ")
EXTENSIONS = (".dart",)
PLACE = (
    r"(?P<file>(?:package|dart|file|org-dartlang-\w{1,20}):[^\s():]{1,400}|[^\s():]{1,300}\.dart)"
    r"(?::(?P<line>\d{1,9}))?(?::\d{1,9})?"
)
FORM = re.compile(
    r"^[ \t]{0,20}(?:#\d{1,4} {1,8}[^\n]{1,400} \((?:package|dart|file|org-dartlang-\w{1,20}):|#\d{2,4} abs [0-9a-f]"
    r"|(?:package|dart):[^\s()]{1,400} (?:\d{1,9}:\d{1,9} )?)",
    re.M,
)
FRAME = re.compile(rf"[ \t]{{0,20}}#\d{{1,4}} {{1,8}}(?P<function>[^\n]{{1,400}}?) \({PLACE}\)$")
TERSE = re.compile(
    r"[ \t]{0,20}(?P<file>(?:package|dart):[^\s()]{1,400}|[^\s():]{1,300}\.dart)(?: (?P<line>\d{1,9}):\d{1,9})? {1,40}"
    r"(?P<function>[^\s()][^\n()]{0,300})$"
)
COMPILED = re.compile(
    r"[ \t]{0,20}#\d{2,4} abs [0-9a-f]{1,16}(?: virt [0-9a-f]{1,16})? (?P<function>\S{1,200}\+0x[0-9a-f]{1,16})$"
)
CLOSURES = re.compile(r"(?:\.<(?:anonymous closure|fn|async_body)>)+")
# Packages of the framework, of tests, and others that run an application's code. The form of all packages is one.
LIBRARY_PACKAGE = re.compile(
    r"^package:(?:flutter\w*|test\w*|mockito|mocktail|stack_trace|async|collection|http|dio|provider"
    r"|riverpod|bloc|get|rxdart"
    r"|shelf\w*|go_router|sentry\w*|firebase_\w+|cloud_\w+|sqflite\w*|drift|hive\w*|isar\w*|path|intl"
    r"|meta|json_annotation"
    r"|web_socket_channel|grpc|graphql\w*|hooks_riverpod|opentelemetry\w*)/"
)
TEST_FILE = re.compile(r"_test\.dart$")  # https://dart.dev/guides/testing


def read_dart(text: str) -> RaisedError | None:
    """Return the failure with its frames; None for a text without one."""
    frames = frames_in(lines_of(text), dart_frame)
    return RaisedError("", "", frames) if frames else None


def dart_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines, such as those that mark a suspension."""
    if match := FRAME.match(line) or TERSE.match(line):
        return StackFrame(match["function"], match["file"], number_or_none(match["line"]))
    match = COMPILED.match(line)
    return StackFrame(match["function"], "") if match else None


def described_dart(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key; an offset stays as it is."""
    if not frame.file:
        return frame._replace(owner=OWN, key=frame.function)
    function = CLOSURES.sub("", frame.function).removeprefix("new ")
    return frame._replace(function=function, owner=dart_owner(frame.file), key=code_key(function, frame.file))


def dart_owner(file: str) -> str:
    """Return whose code the file holds."""
    if file.startswith(("dart:", "org-dartlang-")):
        return RUNTIME
    if LIBRARY_PACKAGE.match(file) or is_in_library(file):
        return LIBRARY
    return TEST if TEST_FILE.search(file) else OWN


READ, DESCRIBE = read_dart, described_dart
