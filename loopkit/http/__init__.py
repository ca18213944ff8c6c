"""
HTTP below the apps: the error shapes, the answers of a failing store, links, chunked bodies.

Every app may raise from these modules and call them; they import nothing of ours but each other.
"""
