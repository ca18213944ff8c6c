"""The visits and the failures of agents' runs, kept up to date while the spans of a trace arrive."""
