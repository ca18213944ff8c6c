"""
Runs whose answer no tool result supports: the `unfounded_answer` signal.

An agent with tools answers although no tool call of its run returned anything: each failed, gave nothing, or only
handed the answer in. People who annotated failing runs call such answers hallucinations, where the text claims what no
tool said (https://arxiv.org/abs/2505.08638, TRAIL), and incorrect verification (https://arxiv.org/abs/2503.13657, MAST,
FM-3.3). The model call that hands the answer in is charged: the last before the tool that does, else the last one.

What the answer says is not read for phrases, which every language has others of. An answer that a tool handed in
counts as it is. In a conversation, where the model may as well say that it found nothing, the answer must hold a value
that the model was not given: a number, a date or an id of SPECIFIC digits or more.
Not reported: runs in which one tool call returned something, runs without tool calls, and answers that ask a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from telemetry import conventions
from telemetry.agent_runs.call_keys import TOOL_CALL, result_checksum
from telemetry.agent_runs.run_call import RunCall, RunFailure
from telemetry.conventions.content import answer_texts
from telemetry.spans.span import Span

SIGNAL = "unfounded_answer"
LONGEST = 4_000  # characters at the beginning of an answer that are read
LONGEST_GIVEN = 400_000  # characters of what the model was given
EXCERPT = 160  # characters that are quoted
SPECIFIC = 3  # digits
# Tools that only hand the answer in: https://huggingface.co/docs/smolagents (final_answer),
# https://swe-agent.com (submit), https://docs.all-hands.dev (finish), https://docs.browser-use.com (done),
# https://docs.cline.bot (attempt_completion). Tools that give an answer its form, such as Pydantic AI's, are not among
# them: agents without a tool to look anything up have them, too.
HANDS_IN = frozenset({"final_answer", "submit", "finish", "done", "attempt_completion"})
# The checksums of results that hold nothing. A result that was not recorded may hold something.
NOTHING = frozenset(
    result_checksum(text, TOOL_CALL) for text in ("", " ", "\n", "[]", "{}", "null", '""', "None", "[[]]")
)
VALUE = re.compile(r"\d[\w.,:/-]*")
QUESTION = re.compile(r"[?？؟]\s*$")


class HandedIn(NamedTuple):
    """The model call that hands in the answer of a run, and whether it did so by a tool."""

    call: RunCall
    by_tool: bool


def handed_in(calls: Sequence[RunCall]) -> HandedIn | None:
    """The call that hands in the answer of a run, whose calls these are by time; None if a tool returned anything."""
    tools = [(at, call) for at, call in enumerate(calls) if not call.is_model_call]
    if not tools or any(has_returned(call) for _, call in tools):
        return None
    handing_in = [at for at, call in tools if call.tool in HANDS_IN]
    before = calls[: handing_in[-1]] if handing_in else calls
    models = [call for call in before if call.is_model_call and not call.has_failed]
    return HandedIn(models[-1], bool(handing_in)) if models else None


def has_returned(call: RunCall) -> bool:
    """Whether a tool gave something back that an answer can stand on."""
    return not call.has_failed and call.tool not in HANDS_IN and call.contents[1] not in NOTHING


def failures(answer: HandedIn | None, span: Span | None) -> Iterator[RunFailure]:
    """The failure of a run, if its answer, in this span of the call, claims something."""
    if answer is None or span is None:
        return
    text = answer_texts(conventions.output_of(span))[:LONGEST].strip()
    if not text or QUESTION.search(text):
        return
    claim = excerpt(text, 0) if answer.by_tool else own_value(text, span)
    if claim:
        message = f"no tool call of the run returned anything, and the run ends with the answer: {claim}"
        yield RunFailure(SIGNAL, answer.call, "low", message)


def own_value(text: str, span: Span) -> str:
    """The first value in the answer that the model was not given, with the text around it; "" without one."""
    convention = conventions.convention_of(span)
    given = answer_texts(convention.input_of(span))[:LONGEST_GIVEN] if convention else ""
    known = {digits_of(value) for value in VALUE.findall(given)} if given else set()
    for match in VALUE.finditer(text) if given else ():
        digits = digits_of(match[0])
        if len(digits) >= SPECIFIC and digits not in known:
            return excerpt(text, match.start())
    return ""


def digits_of(value: str) -> str:
    """The digits of a number, a date or an id, however it is written."""
    return "".join(filter(str.isdecimal, value))


def excerpt(text: str, at: int) -> str:
    """The text around that place in one line, EXCERPT characters at most."""
    start = max(0, at - EXCERPT // 2)
    return " ".join(text[start : start + EXCERPT].split())
