"""Exports, interpreted by the programs that they are for: `make evals`, which installs those from their registries."""
