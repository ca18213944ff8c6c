"""
HTTP for agents: runs, packets, loops, evals, the funnel, feeds, the project's state.

May import every package of diagnosis but `console` and `pages`. Rules live elsewhere: a view turns HTTP into one call.
"""
