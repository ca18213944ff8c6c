"""
Request bodies by the thousand at next to no cost: built once, then given fresh ids, numbers and times in place.

A generator that shares two cores with the server must not take the time that it measures. The places are found once
by their shape in the encoded bytes; a fresh copy is one join of constants and slices. What belongs together stays
together: a parent's id, an order's number in a message and in its stack.
"""

from __future__ import annotations

import gzip
import random
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import lcm

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks import otlp_json
from benchmarks.agent_traces import SPANS_A_TRACE, request, trace

POOL_SPANS = 16_384  # different texts before one comes again with other ids
BUILT_AT = 1_700_000_000_000_000_000  # of the templates; any nanosecond of 19 digits
CUT = b"\x00next body\x00"
DIGITS = bytes(ord("0") + byte % 10 for byte in range(256))
TRACE, SPAN, NUMBER, TIME = range(4)


@dataclass(frozen=True, slots=True)
class Wire:
    """How one encoding writes what is replaced."""

    encode: Callable[[ExportTraceServiceRequest], bytes]
    places: re.Pattern[bytes]
    kinds: tuple[int, ...]  # of the pattern's groups
    ids: Callable[[bytes], bytes]
    times: Callable[[list[int]], bytes]
    read_time: Callable[[bytes], int]
    packed: Callable[[bytes], bytes]


PROTOBUF = Wire(
    encode=lambda message: message.SerializeToString(),
    places=re.compile(
        rb"\x0a\x10(.{16})\x12\x08(.{8})(?:\x22\x08(.{8}))?\x2a.[ -~]{1,80}\x30.\x39(.{8})\x41(.{8})"
        rb"|\x09(.{8})\x12\x09exception|(?<!\d)(\d{8})(?!\d)",
        re.DOTALL,
    ),
    kinds=(TRACE, SPAN, SPAN, TIME, TIME, TIME, NUMBER),
    ids=lambda raw: raw,
    times=lambda times: struct.pack(f"<{len(times)}Q", *times),
    read_time=lambda found: int.from_bytes(found, "little"),
    packed=lambda body: body,
)
JSON_GZIP = Wire(
    encode=otlp_json.encoded,
    places=re.compile(
        rb'"traceId":"(\w{32})"|"(?:s|parentS)panId":"(\w{16})"|UnixNano":"(\d{19})"|(?<!\d)(\d{8})(?!\d)'
    ),
    kinds=(TRACE, SPAN, TIME, NUMBER),
    ids=lambda raw: raw.hex().encode(),
    times=lambda times: b"".join(b"%d" % time for time in times),
    read_time=int,
    packed=lambda body: gzip.compress(body, compresslevel=6),
)


class Template:
    """Requests that begin at BUILT_AT, ready to be sent any number of times as new ones."""

    def __init__(self, wire: Wire, requests: Iterable[ExportTraceServiceRequest]) -> None:
        data = CUT.join(map(wire.encode, requests))
        self.wire = wire
        self.constants: list[bytes] = []
        self.seen: list[dict[bytes, int]] = [{}, {}, {}, {}]  # of each kind: what is replaced, in order
        found = self.split(data)
        self.slots = [self.slot(kind, place) for kind, place in found]
        self.offsets = [wire.read_time(time) - BUILT_AT for time in self.seen[TIME]]

    def split(self, data: bytes) -> list[tuple[int, int]]:
        """Keep what stays the same; the kind and the number of what stands between."""
        found, end = [], 0
        for match in self.wire.places.finditer(data):
            for group, kind in enumerate(self.wire.kinds, 1):
                if match[group] is not None:
                    self.constants += [data[end : match.start(group)], b""]
                    end = match.end(group)
                    found.append((kind, self.seen[kind].setdefault(match[group], len(self.seen[kind]))))
        self.constants.append(data[end:])
        return found

    def slot(self, kind: int, place: int) -> slice:
        """Where the pool of fresh values has this one: trace ids, span ids, numbers, times, without gaps."""
        widths = [len(next(iter(values), b"")) for values in self.seen]
        before = sum(width * len(values) for width, values in zip(widths[:kind], self.seen, strict=False))
        start = before + widths[kind] * place
        return slice(start, start + widths[kind])

    def fresh(self, chance: random.Random, now: int) -> list[bytes]:
        """The template's bodies as new traces that began at `now`, in nanoseconds."""
        traces, spans, numbers, _ = map(len, self.seen)
        pool = b"".join((
            self.wire.ids(chance.randbytes(16 * traces + 8 * spans)),
            chance.randbytes(8 * numbers).translate(DIGITS),
            self.wire.times([now + offset for offset in self.offsets]),
        ))  # fmt: skip
        parts = self.constants.copy()
        parts[1::2] = map(pool.__getitem__, self.slots)
        return [self.wire.packed(body) for body in b"".join(parts).split(CUT)]


@lru_cache
def templates(wire: Wire, spans: int, pool_spans: int = POOL_SPANS) -> list[Template]:
    """Enough templates for that many different spans."""
    chance = random.Random(f"templates of {spans} spans")
    number = max(1, pool_spans // lcm(spans, SPANS_A_TRACE))
    return [Template(wire, agent_requests(spans, chance)) for _ in range(number)]


def agent_requests(spans: int, chance: random.Random) -> list[ExportTraceServiceRequest]:
    """Whole traces of agents cut into requests of so many spans."""
    whole = lcm(spans, SPANS_A_TRACE)
    stream = [span for _ in range(whole // SPANS_A_TRACE) for span in trace(chance, BUILT_AT)]
    return [request(stream[start : start + spans]) for start in range(0, whole, spans)]
