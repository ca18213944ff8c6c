"""
Telemetry: spans are received, stored as records in one store per project, and read.

May import `tenants` and `loopkit.http`.
"""
