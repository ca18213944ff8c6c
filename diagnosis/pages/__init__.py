"""
The dashboard: pages that a person signed in with an agent key reads.

May import every package of diagnosis but `console`.
"""
