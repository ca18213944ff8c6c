"""The ledger, the funnel and an eval in short, for `budget` in their queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.agents import budget
from diagnosis.agents.api_calls import Api
from diagnosis.agents.envelope import IN_ONE, cut_texts, under_text
from diagnosis.agents.lists import JsonObject, Read
from diagnosis.evals.candidates import plain_id
from tenants.api.budgets import MOST_TOKENS

NAMED = 3  # records and senders of a reason
COUNTS = ("reason", "unit", "count", "missing", "total", "meaning", "remedy")
CONTENT = ("input", "call_input", "output", "expected", "result_form", "tool", "model", "failure")


def short_ledger(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """What was not stored as it was sent: each reason as a part of its name, those with a count first; the hours."""
    ledger = read(query)
    parts = [(entry["reason"], ledger_line(entry)) for entry in ledger["entries"]]
    return budget.with_parts({"window": ledger["window"]}, [*parts, ("hours", ledger["hours"])], tokens)


def ledger_line(entry: Mapping[str, Any]) -> JsonObject:
    """A reason with its counts, and the first records and senders that it is of."""
    named = {name: entry[name][:NAMED] for name in ("records", "senders") if entry.get(name)}
    counts = {name: entry[name] for name in COUNTS if name != "reason" and entry[name] != ""}
    return counts | ({"text": cut_texts(named, IN_ONE)} if named else {})


def short_funnel(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """How far fixes get: its counts, then as much of the steps, the waiting and the weeks as fits."""
    funnel = read(query)
    names = ("window", "verified", "regressed", "verified_a_week")
    parts = [(name, funnel[name]) for name in ("states", "stages", "waiting", "weeks")]
    return budget.with_parts({name: funnel[name] for name in names}, parts, tokens)


def short_eval(api: Api, read: Read, query: JsonObject, tokens: int) -> JsonObject:
    """An eval with as many of its cases as fit; what they were given and returned is under `text`."""
    candidate = read(query)
    facts = {"eval_id": plain_id(candidate["cluster_id"]), "cluster_id": candidate["cluster_id"]}
    texts = {name: candidate.get(name) for name in ("title", "operation", "unit", "expectation")}
    cases = [case_line(case) for case in candidate["cases"]]
    answer, count, left_out = budget.with_rows(facts | under_text(IN_ONE, **texts), "cases", cases, tokens)
    following = {"budget": MOST_TOKENS} if answer["cases"] != cases else None
    return budget.with_completeness(
        answer, shown=count, total=len(cases), left_out=left_out, following=following
    )


def case_line(case: Mapping[str, Any]) -> JsonObject:
    """A case of an eval: its record, and what its call was given, returned and should return."""
    facts = {name: case[name] for name in ("record_id", "input_from", "replayable") if name in case}
    return facts | {"text": {name: case[name] for name in CONTENT if case.get(name) is not None}}
