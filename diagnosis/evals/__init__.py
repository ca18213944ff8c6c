"""
Eval candidates: tests that would catch a failure, built from its evidence, and the file formats for test runners.

May import `diagnosis.detection`, `diagnosis.window` and `diagnosis.models`.
"""
