"""What `benchmarks.quality` measures: one module a family of sets, each a function that gives figures."""
