"""
Hints: attribute values that failing records have more often than the other records of the same operations.

    population -> facts -> search -> recount

`population` reads the records of the operations, or a uniform sample of them; `search` finds values and combinations
of values in the facts of a part of these; `recount` counts what was found in all of them. May import the other modules
of `diagnosis.issues` that know nothing of hints, and the packages below.
"""
