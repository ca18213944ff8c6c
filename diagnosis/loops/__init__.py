"""
Loops: the table of states, proposals, decisions and the content they bind to, reopening, urgency.

May import `diagnosis.issues`, `diagnosis.notices.notice_rows` and `diagnosis.window`.
"""
