"""
What goes wrong in no single record, but over a window: the latency of an operation, what the runs of agents do.

Each rule is one file of this package; `registry` finds them.
"""

from diagnosis.detection.rules.registry import RuleRegistry
from telemetry.signals import SIGNALS
from telemetry.signals.registry import EvalParts

RULES = RuleRegistry(__name__, __path__)
ALL_SIGNALS: dict[str, EvalParts] = {**SIGNALS.signals, **RULES.rules}  # those of records come first
SIGNAL_TYPES = tuple(ALL_SIGNALS)
