"""
The packet: what a diagnosis found, published with a loop for every issue, and the project's memory.

May import `diagnosis.issues`, `diagnosis.loops` and `diagnosis.display`.
"""
