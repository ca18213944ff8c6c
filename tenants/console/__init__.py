"""
The operator's console in the Django admin: tenants, projects, keys, users, the audit log.

May import `tenants.keys`, `tenants.audit`, `tenants.limits` and `tenants.models`. `tenants.admin` registers it.
"""
