"""
One cluster of a window, measured and explained: extent, impact, trend, evidence, hints, plan.

May import `diagnosis.evals`, `diagnosis.detection`, `diagnosis.window` and `diagnosis.statistics`.
"""
