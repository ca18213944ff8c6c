"""
Runs whose answer no tool result supports: the `unfounded_answer` signal.

An agent with tools answers although no tool call of its run returned anything (each failed or only handed the answer
in), and the answer says that it was looked up, checked, remembered or assumed. People who annotated failing runs call
it a hallucination, where the text claims what no tool said (https://arxiv.org/abs/2505.08638, TRAIL), and incorrect
verification (https://arxiv.org/abs/2503.13657, MAST, FM-3.3).
Not reported: runs in which one tool call succeeded, runs without tool calls, and answers that claim nothing, such as "I
could not find that order" or what follows from the question alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from telemetry.agent_runs.run_call import RunCall, RunFailure
from telemetry.conventions.content import answer_texts

SIGNAL = "unfounded_answer"
LAST = 3  # model calls of a run that are read: an answer may be formatted, or summed up, once more
LONGEST = 4_000  # characters at the beginning of an answer, where claims are; searching more takes time
BEFORE, AFTER = 60, 100  # characters around a claim that are quoted
HYPHENS = str.maketrans("\u2010\u2011", "--")  # some models write "well-known" with these
# Tools that only hand the answer in: https://huggingface.co/docs/smolagents (final_answer),
# https://swe-agent.com (submit), https://docs.all-hands.dev (finish), https://docs.browser-use.com (done),
# https://docs.cline.bot (attempt_completion). Tools that give an answer its form, such as Pydantic AI's, are not among
# them: agents without a tool to look anything up have them, too.
HANDS_IN = frozenset({"final_answer", "submit", "finish", "done", "attempt_completion"})
VERBS = (
    r"(?:verified|confirmed|checked|searched|reviewed|researched|investigated|consulted|retrieved|inspected"
    r"|looked (?:up|into)|cross[- ]?\w+ed)"
)
WORK = (
    r"(?:verif(?:ying|ication)|check(?:s|ing)?|search(?:ing)?|review(?:ing)?|research(?:ing)?|investigation"
    r"|inspection|cross[- ]?\w+)"
)
SOURCE = (
    r"(?:records?|sources?|literature|documentation|editions?|articles?|studies|reports?|statistics?|archives?"
    r"|publications?|wikipedia|databases?|references|website|census)"
)
CLAIM = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have| had)? (?:(?:now|already|also|carefully|manually|thoroughly|just) )*{VERBS}\b"
    rf"|\bhaving (?:\w+ )?{VERBS}\b|\bmy (?:own )?{WORK}\b"
    rf"|\b(?:after|on|upon|through|following|based on)(?: (?!(?:the|your|this|these)\b)[\w-]+){{0,2}} {WORK}\b"
    rf"|\b(?:according to|based on|as per)(?: (?!your\b)[\w’'-]+){{0,5}} {SOURCE}\b"
    r"|\bI (?:recall|remember|know that)\b|\bfrom memory\b|\bwell[- ]known\b"
    r"|\b(?:is|are|was|were) (?:widely |well |commonly |generally )?known\b"
    r"|\b(?:general|internal|prior|common|my) (?:knowledge|understanding|recollection)\b"
    r"|\bassum(?:ed?|es|ing|ption)\b|\bhypothetical\w*",
    re.I,
)


def last_answers(calls: Sequence[RunCall]) -> list[RunCall]:
    """The last model calls, latest first, of a run whose calls these are by time; [] where a tool returned anything."""
    tools = [call for call in calls if not call.is_model_call]
    if not tools or any(not call.has_failed and call.tool not in HANDS_IN for call in tools):
        return []
    return [call for call in reversed(calls) if call.is_model_call and not call.has_failed][:LAST]


def failures(answers: Sequence[RunCall], outputs: Mapping[bytes, Any]) -> Iterator[RunFailure]:
    """
    The failure of a run, if one of its answers claims something.

    Args:
        answers: as `last_answers` gives them.
        outputs: of these calls, by span id.
    """
    for answer in answers:
        if claim := claim_line(answer_texts(outputs.get(answer.span_id))):
            message = f"no tool call of the run returned anything, and the answer says: {claim}"
            yield RunFailure(SIGNAL, answer, "low", message)
            return


def claim_line(text: str) -> str:
    """The first claim of the answer with the text around it, in one line; "" if it claims nothing."""
    beginning = text[:LONGEST].translate(HYPHENS)
    match = CLAIM.search(beginning)
    if not match:
        return ""
    excerpt = beginning[max(0, match.start() - BEFORE) : match.end() + AFTER]
    return " ".join(excerpt.split())
