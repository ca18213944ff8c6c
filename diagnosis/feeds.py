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
from xml.etree import ElementTree

import orjson

from diagnosis import neutral, notice_text
from diagnosis.notice_models import Notice
from telemetry.times import rfc3339
from tenants.models import Tenant

ATOM = "http://www.w3.org/2005/Atom"
VERSION = "https://jsonfeed.org/version/1.1"
ElementTree.register_namespace("", ATOM)


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
        return f"LoopKit: {neutral.line(self.tenant.name, 120)}"

    @property
    def updated_at(self) -> datetime:
        """When the newest of these notices came."""
        return self.notices[0].created_at if self.notices else self.tenant.created_at

    @property
    def feed_id(self) -> str:
        """The same for good, wherever the instance is reached."""
        name = f"{self.tenant.tenant_id} {self.tenant.created_at.isoformat()}"
        return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def as_json(feed: Feed) -> bytes:
    """A JSON Feed."""
    document = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.link("/admin/diagnosis/notice/"),
        "feed_url": feed.link(feed.here),
        **({"next_url": feed.link(feed.next)} if feed.next else {}),
        "items": [item(feed, notice) for notice in feed.notices],
    }
    return orjson.dumps(document)


def item(feed: Feed, notice: Notice) -> dict[str, object]:
    """One notice; what machines read is under `_loopkit`."""
    return {
        "id": notice.notice_id.urn,
        "url": feed.link(notice_text.path(notice)),
        "title": notice_text.title(notice),
        "content_text": notice_text.sentence(notice),
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


def as_atom(feed: Feed) -> bytes:
    """An Atom feed."""
    root = ElementTree.Element(f"{{{ATOM}}}feed")
    add(root, "id", feed.feed_id)
    add(root, "title", feed.title)
    add(root, "updated", rfc3339(feed.updated_at))
    add(add(root, "author"), "name", "LoopKit")
    add(root, "link", rel="self", href=feed.link(feed.here))
    if feed.next:
        add(root, "link", rel="next", href=feed.link(feed.next))
    for notice in feed.notices:
        entry(add(root, "entry"), feed, notice)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def entry(element: ElementTree.Element, feed: Feed, notice: Notice) -> None:
    """One notice."""
    add(element, "id", notice.notice_id.urn)
    add(element, "title", notice_text.title(notice))
    add(element, "updated", rfc3339(notice.created_at))
    add(element, "published", rfc3339(notice.created_at))
    add(element, "link", rel="alternate", href=feed.link(notice_text.path(notice)))
    add(element, "category", term=notice.kind)
    add(element, "content", notice_text.sentence(notice), type="text")


def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """A child of the parent."""
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text or None
    return child
