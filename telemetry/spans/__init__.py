"""
A span as plain values, the name of its operation, and the facts that it states, in LoopKit's terms.

May import nothing of LoopKit but `telemetry.windows` and `telemetry.hashing`: every other package of telemetry builds
on it.
"""
