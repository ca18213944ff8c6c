"""
What goes wrong in no single record, but over a window: the latency of an operation, what the runs of agents do.

Each rule is one file of this package; `registry` finds them.
"""

from diagnosis.rules.registry import RuleRegistry
from telemetry import meaning

RULES = RuleRegistry(__name__, __path__)
SIGNAL_TYPES = (*meaning.SIGNAL_TYPES, *RULES.signals)  # those of records, told at ingest, come first
