"""One call that an agent made, as the rules over whole runs see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

from telemetry.agent_runs.call_keys import MODEL_CALL, NOT_RECORDED, checksums
from telemetry.hashing import hash64_of_texts

# The version of the fingerprints of what these rules find. It does not follow the version of the fingerprints in
# records, because no record carries one of these.
KEY_VERSION = "1"
CalledOperation = tuple[str, str]  # service and operation
TracePlace = tuple[bytes, str, str]  # trace, service and operation


class CallColumns(Protocol):
    """A call that was stored, or is being stored: a RunCall or a row."""

    @property
    def trace_id(self) -> bytes: ...
    @property
    def span_id(self) -> bytes: ...
    @property
    def start_time_unix_nano(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def tool(self) -> str: ...
    @property
    def fingerprint(self) -> int | None: ...
    @property
    def call_key(self) -> int | None: ...


class RunCall(NamedTuple):
    """A call of an agent: its columns, by the names of the record's."""

    trace_id: bytes
    span_id: bytes
    start_time_unix_nano: int
    service: str
    operation: str
    release: str
    environment: str
    unit: str
    tool: str
    model: str
    fingerprint: int | None
    call_key: int | None  # None: not worked out, since an earlier version stored it
    scope_id: int
    segment_id: int
    position: int

    @property
    def place(self) -> CalledOperation:
        """The operation that was called."""
        return self.service, self.operation

    @property
    def is_model_call(self) -> bool:
        """Whether a model was called, whose input is new after each tool call."""
        return self.unit == MODEL_CALL

    @property
    def has_failed(self) -> bool:
        """Whether the call failed, which is an issue of another signal already."""
        return self.fingerprint is not None

    @property
    def contents(self) -> tuple[int, int]:
        """The checksums of what was asked and of the result, each NOT_RECORDED if it is not known."""
        return (NOT_RECORDED, NOT_RECORDED) if self.call_key is None else checksums(self.call_key)


COLUMNS = RunCall._fields
Call = TypeVar("Call", bound=CallColumns)


class RunFailure(NamedTuple):
    """A run that fails in an operation that it called: the call that shows it, and what is to be said of it."""

    signal_type: str
    call: RunCall
    severity: str
    message: str

    @property
    def fingerprint(self) -> int:
        """The cluster: the failures of one rule in one operation, the same in every window."""
        return run_fingerprint(self.signal_type, self.call.place)


def run_fingerprint(signal_type: str, place: CalledOperation) -> int:
    """The fingerprint of a rule's failures in runs that call this operation, the same in every window."""
    return hash64_of_texts(KEY_VERSION, signal_type, *place)


def first_calls(calls: Iterable[Call]) -> dict[TracePlace, Call]:
    """The first call of each operation in each trace, by trace, service and operation, of calls in any order."""
    first: dict[TracePlace, Call] = {}
    for call in calls:
        place = call.trace_id, call.service, call.operation
        known = first.setdefault(place, call)
        if known is not call and is_before(call, known):
            first[place] = call
    return first


def is_before(call: CallColumns, other: CallColumns) -> bool:
    """Whether the call comes before the other one in order of time."""
    # Without tuples: the calls of a trace mostly come in order of time, and all of them are compared.
    start, other_start = call.start_time_unix_nano, other.start_time_unix_nano
    return start < other_start or (start == other_start and call.span_id < other.span_id)
