"""
Keys and codes: how they are made, recognised, looked up, and what they may do; how projects come to be.

May import `tenants.audit` and `tenants.models`.
"""
