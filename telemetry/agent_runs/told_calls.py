"""
Calls of tools that only the messages of a run hold, as calls of the run: a loop of the application's own has no spans
of its tools. The model's answer has the name and the arguments, and what the model is given next has the result.

The forms of both are those of telemetry/failures/malformed_tool_call.py and telemetry/failures/told_results.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from telemetry import conventions
from telemetry.agent_runs import repeated_calls
from telemetry.agent_runs.call_keys import NOT_RECORDED, TOOL_CALL, content_checksum, joined
from telemetry.agent_runs.run_call import RunCall, RunFailure
from telemetry.conventions.content import parsed
from telemetry.failures.malformed_tool_call import MOST_PARTS, call_of
from telemetry.failures.told_results import IDS, messages_of, results_in
from telemetry.failures.tool_results import failure_in_result
from telemetry.spans.span import Span

NO_CONTENTS = (NOT_RECORDED, NOT_RECORDED)
FAILED = 1  # in place of a fingerprint: what fails is an issue of its own, and no repetition


def told_failures(run: Sequence[RunCall], spans: Mapping[bytes, Span]) -> Iterator[RunFailure]:
    """
    Yield the failure of a run in which a model repeats a tool's call without progress, if no tool's span has contents.

    Args:
        run: the calls, by time.
        spans: of those calls whose content was read, by span id.
    """
    if not spans or not all(call.is_model_call or call.contents == NO_CONTENTS for call in run):
        return
    calls = told_calls([call for call in run if call.span_id in spans], spans)
    by_id = {call.span_id: call for call in run}
    for failure in repeated_calls.failures(calls):
        message = f"the tool {failure.call.tool} was {failure.message}"
        yield failure._replace(call=by_id[failure.call.span_id], message=message)
        return  # of one model, whose operation is the place of all of them


def told_calls(models: Sequence[RunCall], spans: Mapping[bytes, Span]) -> list[RunCall]:
    """Return the calls of tools that these calls of models asked for, with the results that models were given."""
    results: dict[str, Any] = {}
    for model in models:
        convention = conventions.convention_of(spans[model.span_id])
        for message in messages_of(parsed(convention.input_of(spans[model.span_id]))) if convention else ():
            for told in results_in(message) if isinstance(message, dict) else ():
                results.setdefault(told.call_id, told.value)
    return [
        as_call(model, name, arguments, results.get(call_id))
        for model in models
        for call_id, name, arguments in asked_calls(conventions.output_of(spans[model.span_id]))
    ]


def as_call(model: RunCall, tool: str, arguments: Any, result: Any) -> RunCall:
    """Return a tool's call, in the place of the model's that asked for it."""
    returned = NOT_RECORDED if result is None else content_checksum(result)
    return model._replace(
        operation=f"tool {tool}",
        unit=TOOL_CALL,
        tool=tool,
        fingerprint=FAILED if failure_in_result(result) else None,
        call_key=joined(content_checksum(arguments or "{}"), returned),
    )


def asked_calls(answer: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield id, tool and arguments of each call in an answer."""
    parts: list[tuple[Any, str]] = [(parsed(answer), "")]
    for number, (part, outer_id) in enumerate(parts):
        if number >= MOST_PARTS:
            return
        if isinstance(part, list):
            parts += [(item, outer_id) for item in part]
        elif isinstance(part, dict):
            call_id = next((part[key] for key in IDS if isinstance(part.get(key), str)), outer_id)
            if call := call_of(part, is_call=bool(call_id), says_so=True):
                yield call_id, *call
            else:
                parts += [(item, call_id) for item in part.values()]
