"""
The approval queue as a change list of the Django admin: its columns, filters, order and bulk actions.

May import what `diagnosis.console` may.
"""
