"""
Hints: attribute values that failing records have more often than the other records of the same operations.

    population -> contents -> search -> judge

`population` reads the records of the operations, or a uniform sample of them; `search` finds values and combinations
of values in the facts of a part of these; `judge` judges what was found by its counts in all of them, which `contents`
makes. May import the modules of `diagnosis.issues` that know nothing of hints, and the packages below.
"""
