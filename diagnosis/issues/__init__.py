"""
Issues: the clusters of a window with their extent, impact, trend, evidence, hints and patch plan.

May import `diagnosis.evals`, `diagnosis.detection`, `diagnosis.window` and `diagnosis.statistics`.
"""
