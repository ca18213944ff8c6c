"""
The audit log: entries chained by keyed hashes, and the last one remembered outside the database.

May import `tenants.limits` and `tenants.models`.
"""
