"""
Reads of one window of the bound store: traffic, failing records, exposure, counts of one cluster, releases.

May import `diagnosis.statistics` and telemetry.
"""
