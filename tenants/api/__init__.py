"""
The HTTP interface for projects and keys, and the base classes of all JSON views.

May import every package of tenants except `tenants.console`.
"""
