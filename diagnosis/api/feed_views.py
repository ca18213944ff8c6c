"""
The API of feeds: notices about a tenant's loops, for feed readers. The feed key names the tenant, not the path.

Readers poll often and mostly get nothing new, so requests are conditional:
https://datatracker.ietf.org/doc/html/rfc9110#section-13
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import cast
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from diagnosis.api.keyset import keyset_page, sort_key_parameter
from diagnosis.models import Notice
from diagnosis.notices import feed_formats
from diagnosis.notices.feed_formats import Feed
from diagnosis.notices.feed_keys import FeedAuthentication, FeedReader
from loopkit.http.links import absolute
from telemetry.api.list_cursors import tagged
from telemetry.api.parameters import page_limit
from telemetry.api.parsed_query import checked_query
from tenants.api.openapi import error_responses
from tenants.api.strict_fields import StrictSerializer

REFUSED = error_responses(400, 401, media_type="application/json")


class FeedParameters(StrictSerializer):
    """GET /v1/notices.json, /v1/notices.atom"""

    limit = page_limit(50)
    cursor = sort_key_parameter(Notice)


class NoticesFeed(APIView):
    """The newest notices of the key's tenant."""

    authentication_classes = [FeedAuthentication]  # refuses requests without a feed key
    required_scope = ""  # scopes exist only for projects' keys
    media_type = ""
    write: Callable[[Feed], bytes]

    def answer(self, request: Request) -> HttpResponse:
        """A page of the feed, or 304 if the reader has it already."""
        feed = self.feed(request)
        content = type(self).write(feed)
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        modified = int(feed.updated_at.timestamp())
        headers = {"ETag": etag, "Last-Modified": http_date(modified)}
        response = HttpResponse(content, content_type=self.media_type, headers=headers)
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization"])
        return cast(HttpResponse, get_conditional_response(request._request, etag, modified, response))

    def feed(self, request: Request) -> Feed:
        """The requested page."""
        parameters = checked_query(FeedParameters, request)
        tenant = cast(FeedReader, request.user).tenant
        rows = Notice.objects.filter(project__tenant=tenant)
        notices, cursor = keyset_page(rows, parameters)
        query = urlencode({"limit": parameters["limit"], "cursor": tagged(request, cursor)})
        next_url = f"{request.path}?{query}" if cursor else None
        return Feed(tenant, notices, request.get_full_path(), next_url, partial(absolute, request))


class JsonFeed(NoticesFeed):
    """The feed as JSON Feed 1.1."""

    media_type, write = "application/feed+json", staticmethod(feed_formats.json_feed)

    @extend_schema(
        operation_id="read_notices_json",
        summary="What changed in the tenant's loops, as a JSON Feed",
        parameters=[FeedParameters],
        responses={(200, "application/feed+json"): OpenApiTypes.OBJECT, 304: None, **REFUSED},
    )
    def get(self, request: Request) -> HttpResponse:
        """The newest first; next_url leads on."""
        return self.answer(request)


class AtomFeed(NoticesFeed):
    """The feed as Atom."""

    media_type, write = "application/atom+xml", staticmethod(feed_formats.as_atom)

    @extend_schema(
        operation_id="read_notices_atom",
        summary="What changed in the tenant's loops, as an Atom feed",
        parameters=[FeedParameters],
        responses={(200, "application/atom+xml"): OpenApiTypes.STR, 304: None, **REFUSED},
    )
    def get(self, request: Request) -> HttpResponse:
        """The newest first; the link to the next page leads on."""
        return self.answer(request)
