"""Stacks of each language: what they say, and that each takes linear time. All of them are made up."""
