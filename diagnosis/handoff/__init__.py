"""
The handoff after an approval: the bundle for the coding agent, its files, texts for trackers, and reports back.

May import `diagnosis.verification`, `diagnosis.loops`, `diagnosis.evals` and `diagnosis.display`.
"""
