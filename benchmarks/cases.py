"""The cases of the ingest benchmark, and what is wanted of each."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace

MAX_MIB = 250


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one case: medians of the runs; times of a request over all runs."""

    case: str
    spans_a_second: float = 0
    requests_a_second: float = 0
    ceiling_spans_a_second: float = 0  # 0 where none was measured
    p50_ms: float = 0
    p99_ms: float = 0
    server_us_a_span: float = 0  # CPU time of all processes of the server
    load_us_a_span: float = 0  # CPU time of the generator, taken from the same cores
    peak_mib: float = 0
    disk_bytes_a_span: float = 0
    wire_bytes_a_span: float = 0
    retried: int = 0  # requests that were told to come later
    cold_start_seconds: float = 0
    last_to_first: float = 0  # the rate of the last million records by that of the first

    @property
    def of_ceiling(self) -> float:
        """The share of the ceiling that was reached."""
        ceiling = self.ceiling_spans_a_second
        return self.spans_a_second / ceiling if ceiling else 0

    @property
    def disk_to_wire(self) -> float:
        """Bytes on the disk by bytes sent."""
        return self.disk_bytes_a_span / self.wire_bytes_a_span if self.wire_bytes_a_span else 0


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one figure, and how both are written."""

    figure: str
    comparison: Callable[[float, float], bool]
    bound: float
    unit: str  # a format: "{:,.0f} spans/s"

    def is_met(self, figures: Figures) -> bool:
        """Whether these figures reach it."""
        return self.comparison(self.value(figures), self.bound)

    def value(self, figures: Figures) -> float:
        """What was measured."""
        return float(getattr(figures, self.figure))


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of load."""

    name: str
    spans: int  # a request
    connections: int
    requests: int  # a run
    goals: tuple[Goal, ...]
    projects: int = 1
    wire: str = "protobuf"
    has_ceiling: bool = True
    pool_spans: int = 16_384  # different texts before one comes again with other ids

    def quick(self) -> Case:
        """The same, as small as it can be: shows that the command works, measures nothing."""
        return replace(self, requests=2 * self.connections, pool_spans=512, projects=min(self.projects, 4))


def at_least(figure: str, bound: float, unit: str) -> Goal:
    """The figure must reach the bound."""
    return Goal(figure, operator.ge, bound, unit)


def at_most(figure: str, bound: float, unit: str) -> Goal:
    """The figure must not pass the bound."""
    return Goal(figure, operator.le, bound, unit)


def rate(bound: float) -> Goal:
    """Spans a second."""
    return at_least("spans_a_second", bound, "{:,.0f} spans/s")


def share(bound: float) -> Goal:
    """Of the ceiling."""
    return at_least("of_ceiling", bound, "{:.0%} of the ceiling")


def p99(bound: float) -> Goal:
    """Milliseconds of the slowest request but 1 %."""
    return at_most("p99_ms", bound, "p99 {:,.0f} ms")


MEMORY = at_most("peak_mib", MAX_MIB, "peak RSS {:.0f} MiB")
DISK = at_most("disk_to_wire", 1.3, "disk {:.2f} x the protobuf bytes")
CPU = at_most("server_us_a_span", 75, "server CPU {:.0f} us a span")
REQUESTS = at_least("requests_a_second", 900, "{:,.0f} requests/s")

CASES = (
    Case("protobuf_512", 512, 4, 240, (share(0.60), rate(20_000), p99(500), DISK, MEMORY)),
    Case("protobuf_512_8_projects", 512, 8, 320, (share(0.60), rate(30_000), MEMORY), projects=8),
    Case("protobuf_100", 100, 4, 800, (share(0.55), CPU, MEMORY)),
    Case("json_512_gzip", 512, 4, 120, (rate(15_000), MEMORY), wire="json_gzip", has_ceiling=False),
    Case("one_span", 1, 16, 2000, (REQUESTS, p99(60), MEMORY), pool_spans=4096),
    Case("projects_200", 100, 8, 800, (rate(10_000), MEMORY), projects=200, has_ceiling=False),
)
COLD_START = Case(
    "cold_start", 8, 1, 3, (at_most("cold_start_seconds", 3, "{:.2f} s to the first span"),)
)  # a request is a start
TEN_MILLION = Case(
    "ten_million", 512, 4, 0, (at_least("last_to_first", 0.70, "last million at {:.0%} of the first"), MEMORY)
)
