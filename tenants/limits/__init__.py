"""
How often a network may do something: rates counted exactly over all processes.

May import `loopkit.http` alone.
"""
