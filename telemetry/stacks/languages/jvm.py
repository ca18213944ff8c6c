"""
Java, Kotlin, Scala, Groovy and Clojure: stacks of the JVM, with causes and suppressed exceptions.

Forms: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Throwable.html#printStackTrace() and
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/StackTraceElement.html#toString(). Logging
libraries shorten the frames that a cause shares, or begin with the root cause:
https://logback.qos.ch/manual/layouts.html#ex
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from telemetry.stacks.frame import (
    LIBRARY,
    MAX_CAUSES,
    MAX_FRAMES,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    chained,
    lines_of,
)
from telemetry.stacks.languages.jvm_names import GENERATED, class_and_method, jvm_name
from telemetry.stacks.places import without_builds

BEFORE = ("plain",)
MARKS = ("at ",)
EXTENSIONS = (".java", ".kt", ".kts", ".scala", ".sc", ".groovy", ".gradle")
SOURCE = (
    r"\((?:(?P<file>[^\s():/\\]{1,150}?\.[A-Za-z]{1,10}|SourceFile|NO_SOURCE_FILE|r8-map-id-\w{1,80})"
    r"(?::(?P<line>\d{1,9}))?"
    r"|(?P<unknown>Native Method|Unknown Source|<generated>)(?::\d{1,9})?)\)"
)
FORM = re.compile(rf"^[ \t]{{0,40}}at [^()\n]{{1,500}}+(?<! ){SOURCE}", re.M)
# Names of methods may hold spaces: https://kotlinlang.org/docs/coding-conventions.html#names-for-test-methods
FRAME = re.compile(rf"[ \t]{{0,40}}at (?P<where>[^()\n]{{1,500}}+)(?<! ){SOURCE}")
HEADER = re.compile(
    r"(?P<indent>[ \t]{0,40})(?:Exception in thread \"[^\"\n]{0,200}\" )?"
    r"(?:(?P<relation>Caused by|Suppressed|Wrapped by): )?(?P<type>[A-Za-z_$][\w.$]{0,300})(?:: (?P<message>.*))?$"
)
GENERATED_SOURCE = "<generated>"  # https://github.com/cglib/cglib
RELATIONS = ("Caused by: ", "Suppressed: ", "Wrapped by: ")
SHARED = re.compile(r"[ \t]{0,40}\.\.\. (?P<count>\d{1,6}) (?:more|common frames omitted)")
# The language, what runs programs and tests, and the doubles of tests:
# https://docs.oracle.com/en/java/javase/21/docs/api/, https://kotlinlang.org/api/, https://www.scala-lang.org/api/
RUNTIME_PACKAGE = re.compile(
    r"^(?:javax?|jdk|sun|com\.sun|kotlinx?|scala|groovy|org\.(?:codehaus|apache)\.groovy|clojure|dalvik|libcore|android"
    r"|com\.android|junit|org\.(?:junit|testng|hamcrest|assertj|scalatest|specs2|spockframework)|io\.kotest"
    r"|org\.apache\.(?:maven|tools\.ant)|org\.gradle|worker\.org\.gradle|sbt|com\.intellij\.rt"
    r"|org\.eclipse\.jdt\.internal\.junit)\."
)
LIBRARY_PACKAGE = re.compile(
    r"^(?:jakarta|reactor|rx|akka|play|cats|zio|okhttp3|okio|retrofit2|feign|brave|liquibase|freemarker|androidx"
    r"|org\.(?:springframework|apache|hibernate|eclipse|jboss|postgresql|h2|jooq|mybatis|aspectj|slf4j|elasticsearch"
    r"|bouncycastle|quartz|flywaydb|thymeleaf|jetbrains|glassfish|reactivestreams|json|mockito|easymock|powermock"
    r"|jmock|wiremock)|net\.(?:bytebuddy|sf)|mockit"
    r"|io\.(?:netty|opentelemetry|grpc|vertx|reactivex|undertow|quarkus|micronaut|ktor|lettuce|micrometer|mockk"
    r"|r2dbc|smallrye|prometheus|github\.resilience4j)|redis\.clients|ch\.qos\.logback|oracle\.jdbc"
    r"|com\.(?:fasterxml|zaxxer|mongodb|mysql|amazonaws|azure|netflix|squareup|typesafe|datastax|rabbitmq|mchange"
    r"|google\.(?:common|api|cloud|inject|protobuf|gson|android)|microsoft)|software\.amazon|dev\.langchain4j"
    r"|ring|compojure|reitit|nrepl|leiningen|cider|next\.jdbc|honeysql|manifold|aleph|cheshire|taoensso|malli|integrant"
    r"|mount|hiccup|clj_http|babashka)\."
)
# https://maven.apache.org/surefire/maven-surefire-plugin/examples/inclusion-exclusion.html, and failsafe's `IT`
TEST_CLASS = re.compile(
    r"(?:^|[.$])Test(?=[A-Z$.])|(?<![^\w$.])(?:Tests?|TestCase|(?<=[a-z0-9])IT(?:Case)?)(?=[.$])|(?<=\w)_test(?=\$)"
)
SPECIFICATION = re.compile(r"Specs?\.\w{1,10}$")  # the file of a test in Groovy, Kotlin and Scala


@dataclass(slots=True)
class JvmSection:
    """One exception of a stack."""

    relation: str
    error_type: str = ""
    message: str = ""
    frames: list[StackFrame] = field(default_factory=list)
    shared: int = 0  # frames at the end that it has in common with the exception around it


def read_jvm(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    sections = sections_of(lines_of(text))
    if not any(section.frames for section in sections):
        return None
    if sections[-1].relation == "Wrapped by":
        sections.reverse()  # the root cause came first
    else:
        share_frames(sections)
    return chained([RaisedError(each.error_type, each.message, tuple(each.frames)) for each in sections])


def sections_of(lines: Iterable[str]) -> list[JvmSection]:
    """Return the exceptions in the order of the text, without suppressed ones, which did not cause it."""
    sections = [JvmSection("")]
    suppressed_from: int | None = None  # the indentation of the suppressed exception that is being passed
    for line in lines:
        header = header_of(line, is_first=not sections[-1].error_type and len(sections) == 1)
        if header and header["relation"]:
            indent = len(header["indent"])
            if suppressed_from is not None and indent >= suppressed_from:
                continue
            suppressed_from = indent if header["relation"] == "Suppressed" else None
            if suppressed_from is None:
                sections.append(JvmSection(header["relation"], header["type"], header["message"] or ""))
        elif suppressed_from is None:
            add_to_section(sections[-1], line, header)
    return bounded_sections(sections)


def header_of(line: str, is_first: bool) -> re.Match[str] | None:
    """Return the match of a line that names an exception: the first one of a stack, or one that says its relation."""
    return HEADER.match(line) if is_first or line.lstrip().startswith(RELATIONS) else None


def add_to_section(section: JvmSection, line: str, header: re.Match[str] | None) -> None:
    """Add the line's frame, or what it says of the exception itself, to the section."""
    if frame := FRAME.match(line):
        function = class_and_method(frame["where"])
        line_number = int(frame["line"]) if frame["line"] else None
        file = frame["file"] or (GENERATED_SOURCE if frame["unknown"] == GENERATED_SOURCE else "")
        section.frames.append(StackFrame(function, file, line_number))
    elif shared := SHARED.match(line):
        section.shared = int(shared["count"])
    elif header and not section.frames:
        section.error_type, section.message = header["type"], header["message"] or ""


def bounded_sections(sections: list[JvmSection]) -> list[JvmSection]:
    """Return the exceptions without the middle ones of a long chain."""
    if len(sections) <= MAX_CAUSES:
        return sections
    return [*sections[: MAX_CAUSES // 2], *sections[-MAX_CAUSES // 2 :]]


def share_frames(sections: Sequence[JvmSection]) -> None:
    """Add to each cause the frames that its stack shares with the exception around it, up to MAX_FRAMES."""
    for outer, cause in pairwise(sections):
        room = max(0, MAX_FRAMES - len(cause.frames))
        if cause.shared:
            cause.frames += outer.frames[-cause.shared :][:room]


def described_jvm(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key: a class has one file."""
    owner = jvm_owner(frame.function, frame.file)
    function = jvm_name(frame.function, frame.file)
    return frame._replace(function=function, owner=owner, key=without_builds(function))


def jvm_owner(function: str, file: str) -> str:
    """Return whose code the method is, by its package."""
    if GENERATED.search(function) or file == GENERATED_SOURCE or RUNTIME_PACKAGE.match(function):
        return RUNTIME
    if LIBRARY_PACKAGE.match(function) and not TEST_CLASS.search(function):
        return LIBRARY
    return TEST if TEST_CLASS.search(function) or SPECIFICATION.search(file) else OWN


READ, DESCRIBE = read_jvm, described_jvm
