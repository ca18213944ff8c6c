"""
Keys and codes: creation, format checks, lookup, authentication and permissions. Also the creation of projects.

May import `tenants.audit` and `tenants.models`.
"""
