"""
Model and tool calls that two instrumentations recorded: a framework's span and the provider's, one inside the other.

https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/gen-ai-spans.md describes one span for one
call of a model. Where a framework and the client library that it uses are both instrumented, each records the call, and
both name its tokens: https://github.com/DataDog/dd-trace-js/issues/8936. The rule goes by the form of the spans alone:

- A model call directly inside a model call of the same service and model, whose tokens do not contradict each other, is
  that call. Several inside are its tries, of which the outer one repeats the last or the sum.
- A model call that names neither model nor tokens is a part of the one that it is directly inside, or of the only one
  directly inside it: Mastra's `model_step` has the contents, and `chat` inside it the model and the tokens.
- So are two model calls of different instrumentations that the same span called, the one within the time of the other,
  with the same model and exactly the same tokens.
- So is a tool call that is the only one inside a call of the same tool by another instrumentation.

No such call: a model that calls another one, an agent between the two, tokens that differ, tries beside each other.

Time is linear in the calls: those inside each other are followed once, and of calls beside each other MOST_COMPARED
pairs that run at the same time are compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MODEL_CALL, TOOL_CALL = "llm_call", "tool_call"
UNITS = (MODEL_CALL, TOOL_CALL)
PROVIDER = re.compile(r"^(?:.*/)?(?:[a-z-]+\.)*(?=[a-z])")  # `openai/`, `models/`, `us.anthropic.`
VERSION = re.compile(
    r"(?:[-@:](?:\d{4}-\d\d-\d\d|\d{3,}|v\d+(?::\d+)?|latest))+"
)  # `-2026-01-01`, `-001`, `-v1:0`
MOST_COMPARED = 200_000  # pairs of calls of one trace with the same tokens: 20 for each of 10,000 calls
Tokens = tuple[int | None, int | None]


class CallSpan(NamedTuple):
    """A model or tool call of a trace, of what stands in its columns."""

    span_id: bytes
    parent_span_id: bytes | None
    start_time_unix_nano: int
    duration_nano: int
    service: str
    unit: str
    tool: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    scope_id: int
    failed: bool

    @property
    def end_unix_nano(self) -> int:
        """When it ended."""
        return self.start_time_unix_nano + self.duration_nano

    @property
    def tokens(self) -> Tokens:
        """The tokens in and out; None for those that it does not name."""
        return self.input_tokens, self.output_tokens


def repeated_calls(calls: Sequence[CallSpan]) -> dict[bytes, bytes]:
    """The calls of one trace that repeat another: the id of each by which another call stands for it, by its own id."""
    found: dict[bytes, bytes] = {}
    for left_out, counted in [*nested_repeats(calls), *neighbouring_repeats(calls)]:
        if left_out.span_id not in found and standing_for(counted.span_id, found) != left_out.span_id:
            found[left_out.span_id] = counted.span_id
    return {span_id: standing_for(span_id, found) for span_id in found}


def standing_for(span_id: bytes, found: dict[bytes, bytes]) -> bytes:
    """The id of the call that counts for this one; noted for all on the way to it, so that none is followed twice."""
    way = []
    while span_id in found:
        way.append(span_id)
        span_id = found[span_id]
    for each in way:
        found[each] = span_id
    return span_id


def nested_repeats(calls: Sequence[CallSpan]) -> Iterator[tuple[CallSpan, CallSpan]]:
    """Each call that repeats one directly inside it, or is repeated by it, with the one that counts."""
    inside: dict[bytes, list[CallSpan]] = defaultdict(list)
    for call in sorted(calls, key=by_time):
        if call.parent_span_id:
            inside[call.parent_span_id].append(call)
    for outer in sorted(calls, key=by_time):
        inner = inside.get(outer.span_id, [])
        if inner and all(is_part(call, outer) and call.failed <= outer.failed for call in inner):
            yield from ((call, outer) for call in inner)
            continue
        if not inner or not is_recorded_again(outer, inner):
            continue
        if not outer.failed or any(call.failed for call in inner):
            yield outer, repeated_one(outer, inner)
        elif len(inner) == 1:  # what failed is outside the client's call, and is the call's failure
            yield inner[0], outer


def by_time(call: CallSpan) -> tuple[int, int, bytes]:
    """The sort key: the first and, of these, the longest call."""
    return call.start_time_unix_nano, -call.duration_nano, call.span_id


def is_part(call: CallSpan, other: CallSpan) -> bool:
    """Whether a model call says nothing that tells it from the other one, which names its model or its tokens."""
    return (
        call.unit == other.unit == MODEL_CALL
        and call.service == other.service
        and names_nothing(call)
        and not names_nothing(other)
    )


def names_nothing(call: CallSpan) -> bool:
    """Whether the call names neither model nor tokens."""
    return not call.model and call.tokens == (None, None)


def is_recorded_again(outer: CallSpan, inner: Sequence[CallSpan]) -> bool:
    """Whether the calls directly inside a call are that call, by another instrumentation."""
    if any((call.service, call.unit) != (outer.service, outer.unit) for call in inner):
        return False
    if outer.unit == TOOL_CALL:
        [first, *others] = inner
        return (
            not others and bool(outer.tool) and first.tool == outer.tool and first.scope_id != outer.scope_id
        )
    if len(inner) == 1 and is_part(outer, inner[0]):
        return True
    if outer.unit != MODEL_CALL or not all(is_same_model(outer.model, call.model) for call in inner):
        return False
    if not all(call.model for call in (outer, *inner)):
        return any(outer.tokens == call.tokens and None not in call.tokens for call in inner)
    return not contradict(outer, inner)


def contradict(outer: CallSpan, inner: Sequence[CallSpan]) -> bool:
    """
    Whether the tokens of a call are neither those of one inside it nor the sum of all.

    Tokens out decide where both name them, since some clients count those in without what was cached.
    """
    for tokens, others in (
        (outer.output_tokens, [call.output_tokens for call in inner]),
        (outer.input_tokens, [call.input_tokens for call in inner]),
    ):
        named = [number for number in others if number is not None]
        if tokens is not None and named:
            return tokens not in (*named, sum(named))
    return False


def repeated_one(outer: CallSpan, inner: Sequence[CallSpan]) -> CallSpan:
    """The last call inside with the tokens of the outer one, or the last."""
    return next((call for call in reversed(inner) if call.tokens == outer.tokens), inner[-1])


def neighbouring_repeats(calls: Sequence[CallSpan]) -> Iterator[tuple[CallSpan, CallSpan]]:
    """Each call within whose time another instrumentation recorded the same call, with that one."""
    beside: dict[tuple[bytes, str, Tokens], list[CallSpan]] = defaultdict(list)
    for call in sorted(calls, key=by_time):
        if call.parent_span_id and call.unit == MODEL_CALL and call.model and None not in call.tokens:
            beside[call.parent_span_id, call.service, call.tokens].append(call)
    compared = 0
    for group in beside.values():
        running: list[CallSpan] = []  # that started before, and may be around those that follow
        for inner in group if len({call.scope_id for call in group}) > 1 else ():
            running = [call for call in running if call.end_unix_nano >= inner.start_time_unix_nano]
            compared += len(running)
            if compared > MOST_COMPARED:
                return
            outer = next((call for call in reversed(running) if is_around(call, inner)), None)
            if outer is None:
                running.append(inner)
            else:
                running.remove(outer)
                yield outer, inner


def is_around(outer: CallSpan, inner: CallSpan) -> bool:
    """Whether the call is recorded in the time of another one beside it, by another instrumentation."""
    return (
        by_time(outer) < by_time(inner)
        and inner.end_unix_nano <= outer.end_unix_nano
        and outer.scope_id != inner.scope_id
        and outer.service == inner.service
        and outer.tokens == inner.tokens
        and outer.model != ""
        and is_same_model(outer.model, inner.model)
        and not outer.failed
    )


def is_same_model(one: str, other: str) -> bool:
    """Whether two names can be of one model: without provider, one of them perhaps with its version; "" can be any."""
    first, second = sorted((bare_model(one), bare_model(other)), key=len)
    return (
        not first
        or first == second
        or (second.startswith(first) and VERSION.fullmatch(second[len(first) :]) is not None)
    )


def bare_model(name: str) -> str:
    """The name without its provider."""
    return PROVIDER.sub("", name.casefold())
