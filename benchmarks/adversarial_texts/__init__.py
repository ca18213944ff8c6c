"""Hostile texts for every regular expression of the product and every place of a span; `make bench-texts`."""
