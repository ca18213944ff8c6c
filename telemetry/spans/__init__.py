"""
A span as plain values, the name of its work, and what it says in LoopKit's words.

May import nothing of ours but `telemetry.windows` and `telemetry.hashing`: every other package of telemetry builds on
it.
"""
