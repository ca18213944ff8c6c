"""
What people hear of loops: notices in the transaction of the change, feeds, mail from an outbox.

May import `diagnosis.models`, `diagnosis.display` and `tenants.keys`.
"""
