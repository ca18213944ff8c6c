"""The facts that a span states, in LoopKit's terms, whatever convention it was written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telemetry.spans.value_object import value_object


@value_object
class Meaning:
    """The facts that get columns. "" and None: the span does not state it."""

    unit: str = ""  # llm_call, tool_call, graph_node, retrieval; "" for other work
    session_id: str = ""
    user_id: str = ""
    agent: str = ""
    is_agent_run: bool = False  # the span is the agent's whole run, not a step of it
    tool: str = ""
    model: str = ""
    error: str = ""  # what went wrong, from clients that say so beside or without an error status
    component: str = ""  # the part of the application that ran, of clients that give all parts one span name
    # Of model calls only:
    input_tokens: int | None = None  # parents repeat the sum
    output_tokens: int | None = None
    finish_reason: str = ""
    is_embedding: bool = False  # the client's own kind of work says that the call embeds


@dataclass(frozen=True, slots=True)
class Capture:
    """A unit of agent work with its input and output, for evals."""

    unit: str
    input: Any
    output: Any
    model: str
    expected: Any
    replayable: bool  # input and unit are known, so the call can be made again


@value_object
class Failure:
    """The failure of a span: its type, severity, message and stack."""

    signal_type: str  # error, tool_call_failed, llm_call_failed, user_signal, ...
    severity: str  # low, medium, high: of the record alone, before impact is known
    error_type: str  # exception.type, error.type or HTTP status; "" when unknown
    message: str  # one line
    stack: str = ""  # as it was sent
    depth: int = 1  # how many of the stack's frames identify the place of the failure
