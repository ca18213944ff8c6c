"""
Writes to a project's store: rows, segments, origins, traces, rollups, attributions and tallies, in one transaction.

`telemetry.regrouping` alone writes besides, when fingerprints are switched, with the statements of `telemetry.store`.

May import `telemetry.grouping`, `telemetry.models`, `telemetry.spans` and `tenants.stores`.
"""
