"""A hint with its counts: values that failures of a cluster have more often than other records of its operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diagnosis.statistics.hypergeometric import upper_tail

Value = tuple[str, str | None]  # an attribute and its value; None: not set
Range = tuple[float, float]  # the bounds of an interval


@dataclass(frozen=True, slots=True)
class HintTable:
    """How many of the failures and of the other records that were read have the values."""

    failed: int
    others: int
    failures_read: int
    others_read: int

    @property
    def p(self) -> float:
        """The chance that so many failures or more have the values if these are independent of failing: Fisher's."""
        records = self.failures_read + self.others_read
        return upper_tail(self.failed, self.failed + self.others, self.failures_read, records)


@dataclass(frozen=True, slots=True)
class HintRanges:
    """The intervals of a hint's numbers, where these are estimates from a sample."""

    support: Range
    records: Range
    lift: Range

    def shown(self, table: HintTable) -> dict[str, Any]:
        """The intervals with the size of the sample, as the packet shows them."""
        return {
            "failures_read": table.failures_read,
            "records_read": table.failures_read + table.others_read,
            "support": [round(bound) for bound in self.support],
            "records": [round(bound) for bound in self.records],
            "lift": [round(bound, 2) for bound in self.lift],
        }


@dataclass(frozen=True, slots=True)
class Hint:
    """One value, or several that a record has together, whose records fail more often than the operation does."""

    values: tuple[Value, ...]
    support: int  # failures of the cluster with them in the window
    records: int  # all records of its operations with them in the window
    failures: int  # of the cluster in the window
    operation_records: int  # all records of its operations in the window
    table: HintTable  # that it is judged by
    g: float  # G of the table
    ranges: HintRanges | None = None  # None: the numbers are counts of all records

    @property
    def lift(self) -> float:
        """The failure rate of the records with the values over that of all records of the operations."""
        if not self.records or not self.failures:
            return 0.0
        return self.support / self.records * self.operation_records / self.failures

    @property
    def p(self) -> float:
        """The p-value of its table."""
        return self.table.p

    def shown(self) -> dict[str, Any]:
        """The hint as the packet shows it."""
        (attribute, value), *further = self.values
        return {
            "attribute": attribute,
            "value": value,
            "also": [{"attribute": name, "value": text} for name, text in further],
            "support": self.support,
            "failures": self.failures,
            "records": self.records,
            "operation_records": self.operation_records,
            "lift": round(self.lift, 2),
            "sampled": self.ranges.shown(self.table) if self.ranges else None,
        }
