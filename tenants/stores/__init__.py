"""
Where a project's telemetry is stored: its file, the pool of open files, the binding, the router.

May import `tenants.models` alone.
"""
