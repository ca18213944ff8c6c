"""
What happened: spans in, records stored in one store a project, records out.

May import `tenants` and `loopkit.http`.
"""
