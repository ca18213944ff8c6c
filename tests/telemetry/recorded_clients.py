"""
What is understood of each recorded client: docs/clients.md, counted in tests/fixtures/captures.

`python -m tests.telemetry.recorded_clients` writes that page anew, after a change of a recording or of a convention.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator

import django

from telemetry import conventions
from telemetry.grouping.same_call import CallSpan, repeated_calls
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span
from tests import ROOT, captures

FILE = ROOT / "docs" / "clients.md"
VERSIONS = 3  # packages that are named for a client, in the order of its manifest
HEAD = """# Clients: what is understood of what they send

Counted in the recordings of `tests/fixtures/captures`, each of a real client with a stub in the place of its model.
`python -m tests.telemetry.recorded_clients` writes this page, and a test fails when it is not true. Other clients that
follow the [conventions](diagnosis.md#adding-a-signal-an-eval-format-a-convention-or-a-language) are read as well.
Where a client sent its [log events](protocol.md#log-records) too, what they say of its spans is counted with these.

*Calls* are model calls without embeddings and without an error status, each once however many spans record it, *in*
and *out* those of them with a recorded input and output, *tokens* those with both counts, and *finish* those with a
finish reason. *Tools* are tool calls without an error status, *results* those of them with input and output. *Sessions*
and *users* are distinct ids. *Failures* are the distinct ones, each an issue if the recording is diagnosed alone;
users' ratings, and what only a comparison of windows shows, are not among them.

| client | spans | calls | in | out | tokens | finish | tools | results | sessions | users | failures |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""
ERROR = 2  # https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
OF_CALLS = {
    "in": "the input of model calls",
    "out": "the output of model calls",
    "tokens": "tokens of model calls",
    "finish": "the finish reason of model calls",
}
PARTS = {**OF_CALLS, "results": "input and output of tool calls"}
Understood = tuple[Span, Meaning]


def calls_of(spans: Iterable[Understood]) -> list[list[Understood]]:
    """The model calls without embeddings, each with the spans that record it."""
    traces: dict[bytes, list[Understood]] = defaultdict(list)
    for span, meaning in spans:
        if meaning.unit == "llm_call" and not meaning.is_embedding:
            traces[span.trace_id].append((span, meaning))
    calls: dict[tuple[bytes, bytes], list[Understood]] = defaultdict(list)
    for trace_id, rows in traces.items():
        counted = repeated_calls([call_span(*row) for row in rows])
        for span, meaning in rows:
            calls[trace_id, counted.get(span.span_id, span.span_id)].append((span, meaning))
    return list(calls.values())


def call_span(span: Span, meaning: Meaning) -> CallSpan:
    """The span as same_call compares it."""
    return CallSpan(
        span.span_id, span.parent_span_id, span.start_time_unix_nano, span.duration_nano, span.origin.service,
        meaning.unit, meaning.tool, meaning.model, meaning.input_tokens, meaning.output_tokens,
        span.origin.scope_id, span.status_code == ERROR,
    )  # fmt: skip


def is_whole(span: Span) -> bool:
    """Whether the span's input and output are recorded."""
    capture = conventions.capture_of(span)
    return capture is not None and None not in (capture.input, capture.output)


def counts_of(name: str) -> dict[str, int]:
    """The columns of one client, without its name."""
    from tests.diagnosis.recorded_titles import charged
    from tests.telemetry.joined_recordings import captured_with_logs

    spans = [(span, conventions.read_meaning(span)) for span in captured_with_logs(name)]
    good = [row for row in spans if row[0].status_code != ERROR]
    calls = calls_of(good)
    tools = [row for row in good if row[1].unit == "tool_call"]
    found = [[conventions.capture_of(span) for span, _ in call] for call in calls]
    meanings = [[meaning for _, meaning in call] for call in calls]
    return {
        "spans": len(spans),
        "calls": len(calls),
        "in": sum(any(capture and capture.input is not None for capture in call) for call in found),
        "out": sum(any(capture and capture.output is not None for capture in call) for call in found),
        "tokens": sum(
            any(None not in (each.input_tokens, each.output_tokens) for each in call) for call in meanings
        ),
        "finish": sum(any(each.finish_reason for each in call) for call in meanings),
        "tools": len(tools),
        "results": sum(is_whole(span) for span, _ in tools),
        "sessions": len({meaning.session_id for _, meaning in spans} - {""}),
        "users": len({meaning.user_id for _, meaning in spans} - {""}),
        "failures": len(charged([span for span, _ in spans])),
    }


def shown(counts: dict[str, int]) -> list[str]:
    """The columns, with `-` for what model calls and tools would have where there are none."""
    without = set() if counts["calls"] else {"calls", *OF_CALLS}
    without |= set() if counts["tools"] else {"tools", "results"}
    return ["-" if name in without else f"{number:,}" for name, number in counts.items()]


def not_sent(counts: dict[str, int]) -> list[str]:
    """What no span of the client says, or not all spans of its calls that went well."""
    missing = []
    if not counts["calls"] and not counts["tools"]:
        missing.append("model calls and tools: it is no client of models")
    elif not counts["tools"] or not counts["calls"]:
        missing.append("spans of tools" if counts["calls"] else "model calls")
    for name, text in PARTS.items():
        number, of = counts[name], counts["tools" if name == "results" else "calls"]
        if number < of:
            missing.append(text if not number else f"{text} in {of - number} of {of}")
    return [*missing, *(name for name in ("sessions", "users") if not counts[name])]


def described(name: str) -> str:
    """The client's name, its description and its versions, as one line of a list."""
    manifest = captures.manifest(name)
    versions = ", ".join(
        f"`{package}` {version}" for package, version in list(manifest["versions"].items())[:VERSIONS]
    )
    return f"- `{name}`: {manifest['client']}. {versions}."


def lines() -> Iterator[str]:
    """The lines below the head of the first table."""
    found = {name: counts_of(name) for name in captures.NAMES}
    for name, counts in found.items():
        yield " | ".join([f"| `{name}`", *shown(counts)]) + " |"
    yield from ("", "## What they do not send", "", "| client | not sent |", "|---|---|")
    for name, counts in found.items():
        yield f"| `{name}` | {', '.join(not_sent(counts)) or 'nothing of the above is missing'} |"
    yield from ("", "## Versions", "", *map(described, captures.NAMES))


def document() -> str:
    """The whole page."""
    return HEAD + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    django.setup()
    FILE.write_text(document())
