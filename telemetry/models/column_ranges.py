"""What columns may hold, where it is less than their type allows: tenants/stores/column_rules.py."""

Ranges = dict[str, tuple[int, int]]
SUM = (0, 2**63 - 1)
COUNT = (0, 2**53)  # so that JSON's readers keep it: https://www.rfc-editor.org/rfc/rfc8259#section-6
MINUTE = (0, 253_402_300_799 // 60)  # until the end of year 9999, which is datetime's
