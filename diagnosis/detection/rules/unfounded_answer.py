"""
An answer on nothing: the `unfounded_answer` signal, found in the traces of agents.

An agent with tools answers although no tool call of its run returned anything (each failed, or none was made but the
one that hands the answer in), and the answer says that it was looked up, checked, remembered or assumed. People who
annotated failing runs call it a hallucination, where the text claims what no tool said
(https://arxiv.org/abs/2505.08638, TRAIL), and incorrect verification (https://arxiv.org/abs/2503.13657, MAST, FM-3.3).
Quiet: runs in which one tool call went well, runs without any, and answers that claim nothing, such as "I could not
find that order" or what follows from the question alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from diagnosis.detection import agent_calls
from diagnosis.detection.agent_calls import (
    FINGERPRINT,
    START,
    TOOL,
    UNIT,
    CallRow,
    CallsByTrace,
    SampleBounds,
    SampledRun,
)
from telemetry.conventions.content import answer_texts
from telemetry.signals.failed_results import reported_problem, values_under
from telemetry.spans.failing_record import FailingRecord

SIGNAL = "unfounded_answer"
FIX_CATEGORY = "prompt"
EXPECTATION = "The answer claims nothing that no tool told, and says so where it found nothing out."
ABOUT = "an agent answers with claims, and no tool call of its run returned anything"
COMPARES = "visits"
IN_OUTPUT = ""
LAST = 3  # model calls of a run that are read: an answer may be formatted, or summed up, once more
LONGEST = 4_000  # characters of an answer; claims stand where it begins, and reading on would cost
BEFORE, AFTER = 60, 100  # characters around a claim that are quoted
HYPHENS = str.maketrans("\u2010\u2011", "--")  # as models write "well-known"
# Tools that only hand the answer in: https://huggingface.co/docs/smolagents (final_answer),
# https://swe-agent.com (submit), https://docs.all-hands.dev (finish), https://docs.browser-use.com (done),
# https://docs.cline.bot (attempt_completion). Not those that give an answer its form, such as Pydantic AI's: agents
# without a tool to look anything up have them, too.
HANDS_IN = frozenset({"final_answer", "submit", "finish", "done", "attempt_completion"})
DONE = (
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
    rf"\b(?:I|we)(?:['’]ve| have| had)? (?:(?:now|already|also|carefully|manually|thoroughly|just) )*{DONE}\b"
    rf"|\bhaving (?:\w+ )?{DONE}\b|\bmy (?:own )?{WORK}\b"
    rf"|\b(?:after|on|upon|through|following|based on)(?: (?!(?:the|your|this|these)\b)[\w-]+){{0,2}} {WORK}\b"
    rf"|\b(?:according to|based on|as per)(?: (?!your\b)[\w’'-]+){{0,5}} {SOURCE}\b"
    r"|\bI (?:recall|remember|know that)\b|\bfrom memory\b|\bwell[- ]known\b"
    r"|\b(?:is|are|was|were) (?:widely |well |commonly |generally )?known\b"
    r"|\b(?:general|internal|prior|common|my) (?:knowledge|understanding|recollection)\b"
    r"|\bassum(?:ed?|es|ing|ption)\b|\bhypothetical\w*",
    re.I,
)


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """
    The result must have `answer` and `tool_results`, a list of what the tools returned, [] for no call.

    An answer that stands on a result without an error is fine; without one it must claim nothing.
    """
    if problem := reported_problem(result):
        return problem
    answers = [value for value in values_under(result, ("answer",)) if isinstance(value, str)]
    lists = [value for value in values_under(result, ("tool_results",)) if isinstance(value, list)]
    if not answers or not lists:
        return "the result does not say what the answer stands on: return `answer` and `tool_results`"
    is_founded = any(told and not reported_problem(told) for results in lists for told in results)
    claim = "" if is_founded else next(filter(None, map(claim_line, answers)), "")
    return f"no tool returned anything, and the answer says: {claim}" if claim else ""


def visits_in(made: CallsByTrace, bounds: SampleBounds) -> Iterator[SampledRun]:
    """Each trace that was looked at, with each model that it called."""
    answers = {trace_id: last_answers(rows) for trace_id, rows in made.items()}
    chosen = agent_calls.evenly(made, sum(map(len, answers.values())), bounds)
    read = agent_calls.captures([row for trace_id in chosen for row in answers[trace_id]])
    for trace_id in chosen:
        said = [(row, next(read).get("output")) for row in answers[trace_id]]
        found = next((one for row, output in said if (one := unfounded_failure(row, output))), None)
        first = {
            agent_calls.called_operation(row): row[START]
            for row in reversed(made[trace_id])
            if row[UNIT] == "llm_call"
        }
        for place, start in first.items():
            is_here = found and place == (found.service, found.operation)
            yield SampledRun(place, trace_id, start, found if is_here else None)


def last_answers(rows: Sequence[CallRow]) -> list[CallRow]:
    """The last model calls of a run with tools that told it nothing, latest first; none of any other run."""
    tools = [row for row in rows if row[UNIT] != "llm_call"]
    if not tools or any(row[FINGERPRINT] is None and row[TOOL] not in HANDS_IN for row in tools):
        return []
    return [row for row in reversed(rows) if row[UNIT] == "llm_call" and row[FINGERPRINT] is None][:LAST]


def unfounded_failure(row: CallRow, output: Any) -> FailingRecord | None:
    """The model call as a record that hurts, if its answer claims what nothing told."""
    claim = claim_line(answer_texts(output))
    if not claim:
        return None
    answer = agent_calls.failing_row(row)
    return answer._replace(
        signal_type=SIGNAL,
        severity="low",
        message=f"no tool call of the run returned anything, and the answer says: {claim}",
        fingerprint=agent_calls.run_rule_fingerprint(SIGNAL, agent_calls.called_operation(row)),
    )


def claim_line(text: str) -> str:
    """What the answer claims, in one line; "" if it claims nothing."""
    said = text[:LONGEST].translate(HYPHENS)
    found = CLAIM.search(said)
    if not found:
        return ""
    around = said[max(0, found.start() - BEFORE) : found.end() + AFTER]
    return " ".join(around.split())
