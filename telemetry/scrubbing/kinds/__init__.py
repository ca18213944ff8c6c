"""
The kept list of secrets that their form gives away: one row a kind, by trade of the vendor.

The rows hold facts (a beginning, an alphabet, lengths), looked up on LOOKED_UP in the sources that each row names;
`table.KINDS` joins them. docs/redaction.md lists the vendors, and a test compares it with the rows.
"""
