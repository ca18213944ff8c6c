"""
Who: tenants, projects, keys, the audit log, and the binding of a project's store.

May import `loopkit.http` alone.
"""
