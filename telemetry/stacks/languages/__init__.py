"""
The forms of stack traces: each language, or family of languages with one form, is one file.

A file is a language if it has a FORM. `telemetry/stacks/reading.py` says which parts each must offer.
"""
