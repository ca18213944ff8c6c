"""
Reads of the bound project's store: records, sessions, traces and counts, a page at a time.

May import `telemetry.store` and the layers below it. Nothing here writes.
"""
