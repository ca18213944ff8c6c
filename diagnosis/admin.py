"""What the admin shows of diagnosis: packets to read, the loops (change_page.py, loop_page.py), the inbox."""

from __future__ import annotations

from django.contrib import admin
from django.template.loader import render_to_string

from diagnosis.console.feed_keys import FeedKeyAdmin
from diagnosis.console.inbox import NoticeAdmin
from diagnosis.console.loop_page import LoopAdmin
from diagnosis.console.trackers import TrackerAdmin
from diagnosis.display.readable import rows
from diagnosis.models import FeedKey, Loop, Notice, Packet, Tracker
from tenants.console.scoped import ReadOnly, ScopedAdmin

admin.site.register(Loop, LoopAdmin)
admin.site.register(Tracker, TrackerAdmin)
admin.site.register(Notice, NoticeAdmin)
admin.site.register(FeedKey, FeedKeyAdmin)


@admin.register(Packet)
class PacketAdmin(ReadOnly, ScopedAdmin):
    """The results of diagnoses as they were answered."""

    tenant_path = "project__tenant"
    list_display = ["packet_id", "project", "status", "issue_count", "created_at"]
    list_filter = ["status", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    list_per_page = 25  # the number of issues stands in the document, which may be 600 KB
    search_fields = ["packet_id", "project__project_id", "project__name"]
    fields = ["packet_id", "project", "status", "created_at", "readable"]

    @admin.display(description="issues")
    def issue_count(self, packet: Packet) -> int:
        """How many kinds of failure it holds."""
        return len(packet.document.get("issues") or [])

    @admin.display(description="document")
    def readable(self, packet: Packet) -> str:
        """The document, for people."""
        document = packet.document
        context = {
            "packet": packet,
            "memory": document.get("memory") or [],
            "issues": [(issue, rows(issue)) for issue in document.get("issues") or []],
            "facts": rows(
                {name: value for name, value in document.items() if name not in ("memory", "issues")}
            ),
        }
        return render_to_string("admin/diagnosis/packet/document.html", context)
