"""
The HTTP API for agents: runs, packets, loops, evals, the funnel, feeds, the project's state.

May import every package of diagnosis but `console` and `pages`. Holds no rules: a view turns a request into one call.
"""
