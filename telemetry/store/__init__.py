"""
Writes to a project's store: rows, segments, origins, traces, rollups, attributions and tallies, in one transaction.

Only `telemetry.regrouping` also writes, when fingerprints are switched, with one statement of its own.

May import `telemetry.grouping`, `telemetry.models`, `telemetry.spans` and `tenants.stores`.
"""
