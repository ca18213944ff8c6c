"""
Diagnoses of a window's failures, loops with their approval, the handoff to coding agents, verification of fixes.

May import `telemetry`, `tenants` and `loopkit.http`.
"""
