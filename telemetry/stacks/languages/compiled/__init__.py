"""Languages that are compiled to machine code."""
