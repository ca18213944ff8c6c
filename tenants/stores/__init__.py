"""
The storage of a project's telemetry: its SQLite file, the pool of open files, the binding, the database router.

May import only `tenants.models`.
"""
