"""
HTTP for projects and keys, and what every JSON view of the product is made of.

May import every package of tenants but `tenants.console`.
"""
