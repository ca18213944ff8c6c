"""
Tenants, their projects and keys, the audit log, and the storage of each project's telemetry.

May import only `loopkit.http`.
"""
