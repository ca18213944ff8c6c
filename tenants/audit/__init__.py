"""
The audit log: entries chained by keyed hashes, and a copy of the last hash in a file outside the database.

May import `tenants.limits` and `tenants.models`.
"""
