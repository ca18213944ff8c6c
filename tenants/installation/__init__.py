"""
What an operator must know about the installation as a whole: restores, missing files, lost secrets, clocks that jumped.

May import `tenants.audit`, `tenants.stores`, `tenants.limits` and `tenants.models`.
"""
