"""docs/notices.md says what the code does: kinds, times, limits."""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings

from diagnosis.api.feed_views import FeedParameters
from diagnosis.handoff import tracker_links
from diagnosis.models import Notice
from diagnosis.notices import notice_rows, notice_text, outbox
from loopkit.job_thread import SHORTEST_LEASE
from tests import ROOT

PAGE = (ROOT / "docs" / "notices.md").read_text()
TEXT = " ".join(PAGE.split())


def test_every_kind_of_notice_is_explained() -> None:
    assert re.findall(r"^\| `([a-z]+)` \|", PAGE, re.M) == list(Notice.Kind.values)


def test_times_and_limits_are_those_of_the_code() -> None:
    assert f"deleted after {notice_rows.RETENTION.days} days" in TEXT
    assert f"one notice in {notice_rows.QUIET // timedelta(hours=1)} hours" in TEXT
    assert f"cut at {notice_text.LONGEST_TITLE} characters" in TEXT
    assert f"after {outbox.DIGEST_AT:%H:%M} UTC" in TEXT
    assert f"every {outbox.LONGEST_RETRY // timedelta(hours=1)} hours at most" in TEXT
    assert f"after {outbox.MOST_ATTEMPTS} attempts" in TEXT
    assert f"after {outbox.CLAIM // timedelta(minutes=1)} minutes" in TEXT
    assert f"newest {FeedParameters().fields['limit'].default} notices" in TEXT
    assert f"`LOOPKIT_ROUND_SECONDS` ({settings.LOOPKIT_ROUND_SECONDS})" in TEXT
    assert SHORTEST_LEASE == 60  # "twice the pause, a minute at least"


def test_the_length_of_links_is_that_of_the_code() -> None:
    said = re.findall(r"^\| \[(\w+)\]\(.*\| ([\d,]+)[^|]*\|$", PAGE, re.M)

    assert {name.lower(): int(most.replace(",", "")) for name, most in said} == tracker_links.MOST_BYTES
