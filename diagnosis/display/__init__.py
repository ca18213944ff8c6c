"""
Text and numbers for people: text from telemetry escaped, hidden characters shown, quantities formatted.

Pure functions. May import nothing of LoopKit.
"""
