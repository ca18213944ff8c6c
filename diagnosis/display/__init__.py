"""
Text and numbers for people: strangers' text made harmless, hidden characters shown, quantities written out.

Pure. May import nothing of ours.
"""
