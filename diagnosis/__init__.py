"""
Why it fails, and what to do: issues of a window, loops, approval, the handoff, verification.

May import `telemetry`, `tenants` and `loopkit.http`.
"""
