"""
The approval console in the Django admin: the queue, one loop's page, the decision, inbox, trackers, switches.

May import every package of diagnosis but `api` and `pages`. `diagnosis.admin` registers it.
"""
