"""
The counts of records that diagnoses read in place of records: by time, operation and cluster, and by deployment.

Imports of `telemetry.store` only `sql` and `row`.
"""
