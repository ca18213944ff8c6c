"""
Failures elsewhere that came with a fix: of the requests that the loop's failure hit, or since the release of the fix.

May import `diagnosis.loops`, `diagnosis.issues`, `diagnosis.window` and `diagnosis.statistics`.
"""
