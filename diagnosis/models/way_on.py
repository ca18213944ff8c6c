"""The reasons why no further traffic decides about a fix."""

from __future__ import annotations

from django.db import models


class WayOn(models.TextChoices):
    """Why no further traffic decides about a fix: docs/verification.md#a-way-on."""

    NO_FAILURES = "no_failures_before", "no failure before it"
    ONLY_COMPLAINTS = "only_complaints", "no good ratings"
    OTHER_RELEASES = "other_releases", "its release does not run"
    NOTHING_RAN = "nothing_ran", "nothing runs"
    TOO_RARE = "too_rare", "too little traffic"
    FEW_BEFORE = "few_before", "too little before it"
    MOVED = "moved", "other failures rose"
