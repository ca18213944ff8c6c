"""
The approval console in the Django admin: queue, loop page, decisions, inbox, funnel, keys, trackers, fingerprints.

May import every package of diagnosis but `api` and `pages`. `diagnosis.admin` registers it.
"""
