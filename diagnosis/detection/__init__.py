"""
Failures that only a window shows and no single record: slow operations, missing calls, failing runs of agents.

May import `diagnosis.window`, `diagnosis.statistics` and telemetry. One rule is one file of `detection.rules`.
"""
