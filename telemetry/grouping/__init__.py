"""
The grouping of failures: a failure's cause, its fingerprint in each version, and the primary failures of a trace.

May import `telemetry.signals`, `telemetry.failures` and `telemetry.spans`.
"""
