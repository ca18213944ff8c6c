"""
A failing record of an issue beside a healthy one, and the inputs with which it failed.

May import `diagnosis.issues.hints`, whose records it compares, and the packages below `diagnosis.issues`.
"""
