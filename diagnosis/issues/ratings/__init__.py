"""
What users rated: the traces that their signals are about, and the failures in these traces.

May import `diagnosis.window` and `telemetry`.
"""
