"""
The signals of single records: each signal type is one file of this package, with all that the product knows of it.

`registry` finds the files and says which parts each must offer. May import what reads spans, nothing of diagnosis: the
parts that diagnosis uses (expectation, fix category, how an eval checks it) are plain data and plain functions.
"""

from telemetry.signals.registry import SignalRegistry

SIGNALS = SignalRegistry(__name__, __path__)
RECORD_SIGNAL_TYPES = SIGNALS.types  # of single records; those of windows are in diagnosis/detection/rules
