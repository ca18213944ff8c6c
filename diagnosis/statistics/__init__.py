"""
The statistics behind verdicts: rates and their intervals, tests of durations, interim analyses, e-processes.

Pure functions on numbers; docs/verification.md explains each. May import no other package of this project.
"""
