"""
Which failures are one: the cause of a failure, its fingerprint in each version, and who is charged in a trace.

May import `telemetry.signals`, `telemetry.failures` and `telemetry.spans`.
"""
