"""The tests: a mirror of the apps' packages, and the story of one loop over HTTP."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the checkout
