"""
Links that open a tracker's own form for a new issue, filled in. A human submits it; LoopKit calls no tracker.

GitHub: https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/creating-an-issue#creating-an-issue-from-a-url-query
GitLab: https://docs.gitlab.com/user/project/issues/create_issues/#using-a-url-with-prefilled-values
Jira: https://confluence.atlassian.com/jirakb/how-to-create-issues-using-direct-html-links-in-jira-server-159474.html
Linear: https://linear.app/docs/create-issues#create-issues-using-urls
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from diagnosis.models import Tracker

TrackerKind = Tracker.Kind
SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")
# Segments of the path of a tracker's URL: fewest and most.
SEGMENTS = {
    TrackerKind.GITHUB: (2, 2),
    TrackerKind.GITLAB: (2, 20),
    TrackerKind.JIRA: (0, 3),
    TrackerKind.LINEAR: (1, 2),
}
SHAPES = {
    TrackerKind.GITHUB: "https://github.com/<owner>/<repository>",
    TrackerKind.GITLAB: "https://gitlab.com/<group>/<project>",
    TrackerKind.JIRA: "https://<site>.atlassian.net",
    TrackerKind.LINEAR: "https://linear.app/<workspace> or https://linear.app/team/<KEY>",
}
# The longest link that is made for a tracker.
MOST_BYTES = {
    TrackerKind.GITHUB: 8000,  # it answers 414 above 8,191: https://github.com/github/docs/issues/5136
    TrackerKind.GITLAB: 8000,  # its nginx takes request lines up to 8 KiB
    TrackerKind.JIRA: 4000,  # its Tomcat takes 8 KiB of headers in all, including cookies
    TrackerKind.LINEAR: 4000,  # documents no limit; proxies take this much
}
CUT = "(cut here: the rest is in the bundle)"


class NotATracker(ValueError):
    """The URL is not one of that kind of tracker; the message shows the expected form."""


@dataclass(frozen=True, slots=True)
class TrackerText:
    """The text of a new issue: title, lines in order of importance, and a pointer to the bundle."""

    title: str
    lines: tuple[str, ...]
    pointer: str


def checked_tracker_url(kind: TrackerKind, raw: str) -> str:
    """The URL of a tracker's repository or site, without a trailing slash. Raises NotATracker if it is not one."""
    parts = urlsplit(raw)
    segments = parts.path.rstrip("/").split("/")[1:]
    fewest, most = SEGMENTS[kind]
    is_valid = (
        raw.isprintable()
        and parts.scheme == "https"
        and re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", parts.netloc.lower())
        and not (parts.query or parts.fragment)
        and fewest <= len(segments) <= most
        and all(SEGMENT.fullmatch(segment) for segment in segments)
    )
    if not is_valid:
        raise NotATracker(f"Write it as {SHAPES[kind]}.")
    return "/".join([f"https://{parts.netloc.lower()}", *segments])


def tracker_link(tracker: Tracker, text: TrackerText) -> str:
    """The link, within the tracker's limit; "" if the tracker's settings are not (or no longer) valid."""
    kind = TrackerKind(tracker.kind)
    try:
        base = checked_tracker_url(kind, tracker.url)
    except NotATracker:
        return ""
    if kind == TrackerKind.JIRA and not (tracker.jira_project and tracker.jira_issue_type):
        return ""
    make = FORMS[kind]
    return fitted(lambda body: make(base, tracker, text.title, body), text, MOST_BYTES[kind])


def fitted(make_url: Callable[[str], str], text: TrackerText, most: int) -> str:
    """The link with as many of the first lines as fit; the pointer to the bundle always stays."""
    for count in range(len(text.lines), -1, -1):
        cut = [] if count == len(text.lines) else [CUT]
        url = make_url("\n".join([*text.lines[:count], *cut, "", text.pointer]))
        if len(url) <= most:
            break
    return url


def filled_query(**fields: str) -> str:
    """A URL query; all characters but letters, digits and `_.-~` are percent-encoded."""
    return urlencode(fields, quote_via=quote, safe="")


def github(base: str, tracker: Tracker, title: str, body: str) -> str:
    """The form for a new issue of a GitHub repository."""
    return f"{base}/issues/new?{filled_query(title=title, body=body)}"


def gitlab(base: str, tracker: Tracker, title: str, body: str) -> str:
    """The form for a new issue of a GitLab project."""
    return f"{base}/-/issues/new?{filled_query(**{'issue[title]': title, 'issue[description]': body})}"


def jira(base: str, tracker: Tracker, title: str, body: str) -> str:
    """The form for a new issue of a Jira site, in one project and of one type."""
    project_fields = filled_query(pid=str(tracker.jira_project), issuetype=str(tracker.jira_issue_type))
    text_fields = filled_query(summary=title, description=body)
    return f"{base}/secure/CreateIssueDetails!init.jspa?{project_fields}&{text_fields}"


def linear(base: str, tracker: Tracker, title: str, body: str) -> str:
    """The form for a new issue of a Linear workspace or team."""
    return f"{base}/new?{filled_query(title=title, description=body)}"


FORMS: dict[TrackerKind, Callable[[str, Tracker, str, str], str]] = {
    TrackerKind.GITHUB: github,
    TrackerKind.GITLAB: gitlab,
    TrackerKind.JIRA: jira,
    TrackerKind.LINEAR: linear,
}
