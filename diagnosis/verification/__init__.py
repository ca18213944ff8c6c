"""
Whether a fix held: the windows before and after it, counted, compared and judged.

May import `diagnosis.loops`, `diagnosis.detection`, `diagnosis.window` and `diagnosis.statistics`.
"""
