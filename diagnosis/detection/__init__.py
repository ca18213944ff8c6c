"""
What only a window shows, and no single record: slow operations, missing calls, what the runs of agents do.

May import `diagnosis.window`, `diagnosis.statistics` and telemetry. One rule is one file of `detection.rules`.
"""
