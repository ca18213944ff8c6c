"""
The life of a loop: its table of states, proposals, decisions and what they bind to, reopening, urgency.

May import `diagnosis.issues`, `diagnosis.notices.notice_rows` and `diagnosis.window`.
"""
