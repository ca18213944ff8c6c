"""
Packets: the issues that a diagnosis found, published with a loop for each, and the project's memory of loops.

May import `diagnosis.issues`, `diagnosis.loops` and `diagnosis.display`.
"""
