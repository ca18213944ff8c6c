"""
What a window of the bound store holds: traffic, failing records, exposure, counts of one cluster, releases.

May import `diagnosis.statistics` and telemetry.
"""
