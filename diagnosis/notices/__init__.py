"""
Notices to people about loops: written in the transaction of the change, read in feeds, sent by mail from an outbox.

May import `diagnosis.models`, `diagnosis.display` and `tenants.keys`.
"""
