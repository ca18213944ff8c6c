"""
What failing records share that healthy ones of the same operation do not: one count of column x value x failed.

Judged by a G-test of independence (https://en.wikipedia.org/wiki/G-test) with a guard against many comparisons
(Bonferroni), support of three failures and a lift of 1.5 at least. Often there is nothing to say, and then nothing
is said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from diagnosis import exposure
from telemetry.windows import Window

ATTRIBUTES = ("release", "environment", "agent", "model", "tool")
SUPPORT, LIFT, CHANCE = 3, 1.5, 0.01
MOST = 3
SAMPLE = 100_000  # records


@dataclass(frozen=True, slots=True)
class Hint:
    """Records with this value fail more often than the operation does."""

    attribute: str
    value: str | None  # None: the record does not say
    support: int  # failures with the value
    records: int  # all records of the operation with it
    lift: float  # failure rate with the value over that of the operation
    p: float

    def shown(self) -> dict[str, Any]:
        """The hint as the packet shows it."""
        return {
            "attribute": self.attribute,
            "value": self.value,
            "support": self.support,
            "records": self.records,
            "lift": round(self.lift, 2),
        }


Groups = dict[tuple[str, str], list[tuple[tuple[str, ...], int | None, int]]]  # by service and operation


def read(window: Window, operations: Iterable[str]) -> Groups:
    """How many records of these operations have which values and which fingerprint: one pass over the window."""
    rows = exposure.records(sample(window)).filter(operation__in=sorted(set(operations)))
    counted = (
        rows.values_list("service", "operation", *ATTRIBUTES, "fingerprint")
        .annotate(n=Count("trace_id"))
        .order_by()
    )
    groups: Groups = defaultdict(list)
    for service, operation, *values, fingerprint, n in counted:
        groups[service, operation].append((tuple(values), fingerprint, n))
    return groups


def sample(window: Window) -> Window:
    """The part of the window that holds its newest SAMPLE records: a comparison of shares needs no more."""
    starts = (
        exposure.records(window)
        .order_by("-start_time_unix_nano")
        .values_list("start_time_unix_nano", flat=True)
    )
    beyond = list(starts[SAMPLE : SAMPLE + 1])
    return Window(beyond[0], window.end_unix_nano) if beyond else window


def contrast(groups: Groups, service: str, operation: str, fingerprint: int) -> list[Hint]:
    """The strongest hints for a cluster, at most MOST."""
    rows = groups.get((service, operation), [])
    return judge([(values, n, n if cluster == fingerprint else 0) for values, cluster, n in rows])


def judge(groups: Iterable[tuple[tuple[str, ...], int, int]]) -> list[Hint]:
    """Hints from (values of ATTRIBUTES, records, failures) groups. Pure."""
    tables: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    records = failures = 0
    for values, n, failed in groups:
        records, failures = records + n, failures + failed
        for attribute, value in zip(ATTRIBUTES, values, strict=True):
            table = tables[attribute, value]
            table[0] += n
            table[1] += failed
    hints = [
        Hint(
            attribute,
            value or None,
            failed,
            n,
            failed / n / (failures / records),
            p_value(failed, n, failures, records),
        )
        for (attribute, value), (n, failed) in tables.items()
        if failed >= SUPPORT and n < records
    ]
    sure = [hint for hint in hints if hint.lift >= LIFT and hint.p < CHANCE / len(tables)]
    return sorted(sure, key=lambda hint: (hint.p, -hint.lift, hint.attribute, hint.value or ""))[:MOST]


def p_value(failed: int, n: int, failures: int, records: int) -> float:
    """The chance of such a table when the value has nothing to do with failing (G-test, one degree of freedom)."""
    observed = (failed, n - failed, failures - failed, records - n - failures + failed)
    margins = (
        (n, failures),
        (n, records - failures),
        (records - n, failures),
        (records - n, records - failures),
    )
    pairs = zip(observed, margins, strict=True)
    g = 2 * sum(o * math.log(o * records / (row * column)) for o, (row, column) in pairs if o)
    return math.erfc(math.sqrt(max(g, 0.0) / 2))
