"""
Notices as Atom and as JSON Feed: plain text in both, no markup, with ids that never change.

Atom: https://datatracker.ietf.org/doc/html/rfc4287, pages: https://datatracker.ietf.org/doc/html/rfc5005#section-3
JSON Feed: https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import SimplerXMLGenerator

from diagnosis.display import escaping
from diagnosis.models import Notice
from diagnosis.notices import notice_text
from loopkit.http.untrusted import WARNING
from telemetry.windows import rfc3339
from tenants.models import Tenant

VERSION = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of a tenant's notices, the newest first; `link` makes URLs of paths."""

    tenant: Tenant
    notices: list[Notice]
    here: str
    next: str | None
    link: Callable[[str], str]

    @property
    def title(self) -> str:
        """`LoopKit: acme inc`"""
        return f"LoopKit: {escaping.visible_line(self.tenant.name, 120)}"

    @property
    def updated_at(self) -> datetime:
        """The time of the newest notice, or the tenant's creation if there is none."""
        return self.notices[0].created_at if self.notices else self.tenant.created_at

    @property
    def feed_id(self) -> str:
        """The id of the feed: constant for the tenant, and independent of the URL of this instance."""
        name = f"{self.tenant.tenant_id} {self.tenant.created_at.isoformat()}"
        return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def json_feed(feed: Feed) -> bytes:
    """The page as a JSON Feed."""
    document = {
        "user_comment": WARNING,
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.link("/admin/diagnosis/notice/"),
        "feed_url": feed.link(feed.here),
        **({"next_url": feed.link(feed.next)} if feed.next else {}),
        "items": [item(feed, notice) for notice in feed.notices],
    }
    return orjson.dumps(document)


def item(feed: Feed, notice: Notice) -> dict[str, object]:
    """One notice as an item of a JSON Feed; fields for programs are under `_loopkit`."""
    return {
        "id": notice.notice_id.urn,
        "url": feed.link(notice_text.loop_admin_path(notice)),
        "title": notice_text.notice_title(notice),
        "content_text": notice_text.notice_sentence(notice),
        "date_published": rfc3339(notice.created_at),
        "tags": [notice.kind, notice.severity],
        "_loopkit": {
            "kind": notice.kind,
            "project_id": notice.project_id,
            "loop_id": notice.loop_id,
            "state": notice.state,
            "severity": notice.severity,
        },
    }


class AtomPage(Atom1Feed):
    """Django's Atom feed with two additions: a link to the next page, and entries whose content is plain text."""

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        """Write the feed's elements, then the link to the next page."""
        super().add_root_elements(handler)
        if self.feed["next_url"]:
            handler.addQuickElement("link", "", {"rel": "next", "href": self.feed["next_url"]})

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Write an entry's elements, then its description as text: Django would declare it HTML."""
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("content", item["description"], {"type": "text"})

    def latest_post_date(self) -> datetime:
        """The time of the last change; for an empty feed not the current time, which would rule out every 304."""
        return cast(datetime, self.feed["updated_at"])


def as_atom(feed: Feed) -> bytes:
    """The page as an Atom feed."""
    page = AtomPage(
        title=feed.title,
        link=feed.link("/admin/diagnosis/notice/"),
        description=None,
        subtitle=WARNING,
        author_name="LoopKit",
        feed_url=feed.link(feed.here),
        feed_guid=feed.feed_id,
        next_url=feed.link(feed.next) if feed.next else None,
        updated_at=feed.updated_at,
    )
    for notice in feed.notices:
        page.add_item(
            title=notice_text.notice_title(notice),
            link=feed.link(notice_text.loop_admin_path(notice)),
            description=notice_text.notice_sentence(notice),
            pubdate=notice.created_at,
            updateddate=notice.created_at,
            unique_id=notice.notice_id.urn,
            categories=[notice.kind],
        )
    return page.writeString("utf-8").encode()
