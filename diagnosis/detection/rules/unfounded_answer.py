"""
Answers that no tool result supports: the `unfounded_answer` signal, found in the traces of agents.

An agent with tools answers although no tool call of its run returned anything (each failed or only handed the answer
in), and the answer says that it was looked up, checked, remembered or assumed. People who annotated failing runs call
it a hallucination, where the text claims what no tool said (https://arxiv.org/abs/2505.08638, TRAIL), and incorrect
verification (https://arxiv.org/abs/2503.13657, MAST, FM-3.3).
Not reported: runs in which one tool call succeeded, runs without tool calls, and answers that claim nothing, such as "I
could not find that order" or what follows from the question alone.
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


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """
    The result must have `answer` and `tool_results`, a list of what the tools returned, [] for no call.

    If one of these results is no error, any answer is fine; else the answer must claim nothing.
    """
    if problem := reported_problem(result):
        return problem
    answers = [value for value in values_under(result, ("answer",)) if isinstance(value, str)]
    lists = [value for value in values_under(result, ("tool_results",)) if isinstance(value, list)]
    if not answers or not lists:
        return "the result does not say what the answer stands on: return `answer` and `tool_results`"
    is_founded = any(value and not reported_problem(value) for results in lists for value in results)
    claim = "" if is_founded else next(filter(None, map(claim_line, answers)), "")
    return f"no tool returned anything, and the answer says: {claim}" if claim else ""


def visits_in(calls_by_trace: CallsByTrace, bounds: SampleBounds) -> Iterator[SampledRun]:
    """Each sampled trace with each model operation that it called, and its unfounded answer there, if it has one."""
    answers = {trace_id: last_answers(rows) for trace_id, rows in calls_by_trace.items()}
    trace_ids = agent_calls.evenly(calls_by_trace, sum(map(len, answers.values())), bounds)
    captures = agent_calls.captures([row for trace_id in trace_ids for row in answers[trace_id]])
    for trace_id in trace_ids:
        outputs = [(row, (next(captures) or {}).get("output")) for row in answers[trace_id]]
        failures = (unfounded_failure(row, output) for row, output in outputs)
        failure = next((failure for failure in failures if failure), None)
        first_starts = {
            agent_calls.called_operation(row): row[START]
            for row in reversed(calls_by_trace[trace_id])
            if row[UNIT] == "llm_call"
        }
        for place, start in first_starts.items():
            is_here = failure and place == (failure.service, failure.operation)
            yield SampledRun(place, trace_id, start, failure if is_here else None)


def last_answers(rows: Sequence[CallRow]) -> list[CallRow]:
    """The last model calls of a run in which no tool call returned anything, latest first; [] of any other run."""
    tools = [row for row in rows if row[UNIT] != "llm_call"]
    if not tools or any(row[FINGERPRINT] is None and row[TOOL] not in HANDS_IN for row in tools):
        return []
    return [row for row in reversed(rows) if row[UNIT] == "llm_call" and row[FINGERPRINT] is None][:LAST]


def unfounded_failure(row: CallRow, output: Any) -> FailingRecord | None:
    """The model call as a failing record if its answer claims something, else None."""
    claim = claim_line(answer_texts(output))
    if not claim:
        return None
    answer = agent_calls.record_of_row(row)
    return answer._replace(
        signal_type=SIGNAL,
        severity="low",
        message=f"no tool call of the run returned anything, and the answer says: {claim}",
        fingerprint=agent_calls.run_rule_fingerprint(SIGNAL, agent_calls.called_operation(row)),
    )


def claim_line(text: str) -> str:
    """The first claim of the answer with the text around it, in one line; "" if it claims nothing."""
    beginning = text[:LONGEST].translate(HYPHENS)
    match = CLAIM.search(beginning)
    if not match:
        return ""
    excerpt = beginning[max(0, match.start() - BEFORE) : match.end() + AFTER]
    return " ".join(excerpt.split())
