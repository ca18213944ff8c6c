"""
The rules for failures that only a window shows: slow operations, missing calls, failing runs of agents.

Each rule is one module of this package; `registry` finds them.
"""

from diagnosis.detection.rules.registry import RuleRegistry
from telemetry.signals import SIGNALS
from telemetry.signals.registry import EvalParts

WINDOW_RULES = RuleRegistry(__name__, __path__)
ALL_SIGNALS: dict[str, EvalParts] = {
    **SIGNALS.signals,
    **WINDOW_RULES.rules,
}  # the signals of records come first
ALL_SIGNAL_TYPES = tuple(ALL_SIGNALS)
