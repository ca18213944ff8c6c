"""
The dashboard: pages for people who signed in with an agent key.

May import every package of diagnosis but `console`.
"""
