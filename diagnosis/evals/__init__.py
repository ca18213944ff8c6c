"""
Eval candidates: tests that would catch a failure, made from its evidence, in the forms that test runners read.

May import `diagnosis.detection`, `diagnosis.window` and `diagnosis.models`.
"""
