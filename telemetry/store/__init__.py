"""
The only writer of a project's store: rows, segments, origins, rollups and charges, in one transaction a commit.

May import `telemetry.grouping`, `telemetry.models`, `telemetry.spans` and `tenants.stores`.
"""
