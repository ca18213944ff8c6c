"""
Calls of the HTTP API in LoopKit's own sentences, named as the tools that do the same, for an agent that has only these.

The sentences are closed templates (diagnosis/loops/next_action.py, diagnosis/issues/plan_sentences.py, hints of
errors), with ids inside. What telemetry and people say stands under names of its own, and is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from diagnosis.agents.envelope import visible

QUOTED = frozenset(
    {"text", "with", "decision", "question"}
)  # members that hold what telemetry, or a person, says
LOOP = r"(loop_[0-9a-f]{1,40}|<loop_id>)"
# The first that fits; each begins with its method, so that nothing else is one.
CALLS = tuple(
    (re.compile(call), tool)
    for call, tool in (
        (rf"GET /v1/loops/{LOOP}/handoff", r"loopkit_handoff loop_id=\1"),
        (
            rf'POST /v1/loops/{LOOP}/events \{{"kind": "([a-z_]{{1,30}})", \.\.\.\}}',
            r"loopkit_report loop_id=\1 kind=\2",
        ),
        (
            rf'POST /v1/loops/{LOOP}/events \{{"kind": "([a-z_]{{1,30}})", "note": "\.\.\."\}}',
            r"loopkit_report loop_id=\1 kind=\2 note=...",
        ),
        (rf"POST /v1/loops/{LOOP}/events", r"loopkit_report loop_id=\1"),
        (rf"GET /v1/loops/{LOOP}", r"loopkit_loops loop_id=\1"),
        ("GET /v1/loops", "loopkit_loops"),
        (rf'POST /v1/runs/verify \{{"loop_id": "{LOOP}"\}}', r"loopkit_verify loop_id=\1"),
        ("POST /v1/runs/verify", "loopkit_verify"),
        ("POST /v1/runs/diagnose", "loopkit_diagnose"),
        (
            r"GET /v1/telemetry\?record_id=(rec_[0-9a-f]{48}|<record_id>)",
            r"loopkit_telemetry record_ids=[\1]",
        ),
        (r"GET /v1/telemetry\?trace_id=([0-9a-f]{32}|<trace_id>)", r"loopkit_telemetry trace_id=\1"),
        ("GET /v1/telemetry", "loopkit_telemetry"),
        ("evidence_url pages", "loopkit_telemetry with its cluster_id pages"),
        ("GET /v1/sessions", "loopkit_sessions"),
        (
            r"GET /v1/evals/\{eval_id\}\?format=([a-z]{1,20})",
            r"loopkit_eval_spec with its loop_id and format=\1",
        ),
        (r"GET /v1/packets/\{packet_id\}\?budget=[0-9]{1,5}", "loopkit_diagnose"),
    )
)
_is_for_tools: ContextVar[bool] = ContextVar("answers name tools", default=False)


@contextmanager
def naming_tools() -> Iterator[None]:
    """Answers that are made until the end of the block name tools in place of calls of the HTTP API."""
    token = _is_for_tools.set(True)
    try:
        yield
    finally:
        _is_for_tools.reset(token)


def are_tools_named() -> bool:
    """Whether the answer that is made names tools."""
    return _is_for_tools.get()


def shown(value: Any) -> Any:
    """The value as the caller reads it: hidden characters by their numbers, and for tools with calls of tools."""
    whole = visible(value)
    return with_tools(whole) if are_tools_named() else whole


def shown_row(row: Any) -> Any:
    """A row of a list as the caller reads it. One of a table, itself a list, has no sentence of LoopKit's."""
    return visible(row) if isinstance(row, list) else shown(row)


def with_tools(value: Any) -> Any:
    """The value with the calls in its sentences named as tools."""
    if isinstance(value, str):
        return sentence_with_tools(value)
    if isinstance(value, list):
        return [with_tools(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name in QUOTED else with_tools(item) for name, item in value.items()}
    return value


def sentence_with_tools(sentence: str) -> str:
    """The sentence with each call named as the tool that does it; calls that no tool does stay."""
    if "/v1/" not in sentence and "evidence_url" not in sentence:
        return sentence
    for call, tool in CALLS:
        sentence = call.sub(tool, sentence)
    return sentence
