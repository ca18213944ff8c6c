"""
Rate limits per network, counted exactly over all processes.

May import only `loopkit.http`.
"""
