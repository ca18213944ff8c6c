"""
The inbox: notices about the loops of a person's tenants, which of them are unread, and the person's choice of mail.

Notices are marked as read for each person, by a button; viewing the inbox changes nothing.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from diagnosis.console.mail_form import MailForm
from diagnosis.display import escaping
from diagnosis.display.quantities import counted, to_the_minute
from diagnosis.models import Loop, Notice, NoticeRead
from tenants.console.scoped import ReadOnly, ScopedAdmin

BATCH = 500  # rows per statement


class UnreadFilter(admin.SimpleListFilter):
    """A filter that lists unread notices unless the URL asks for all."""

    title, parameter_name = "read", "read"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice besides the default."""
        return [("all", "all")]

    def choices(self, changelist: Any) -> Any:
        """The choices, with the default called "unread"."""
        first, *rest = super().choices(changelist)
        return iter([first | {"display": "unread"}, *rest])

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The unread notices, or all."""
        return rows if self.value() == "all" else rows.filter(is_read=False)


class NoticeAdmin(ReadOnly, ScopedAdmin):
    """The inbox, newest first, for everybody who may see loops."""

    tenant_path = "project__tenant"
    list_display = ["what", "kind", "severity", "text", "project", "noticed_at", "unread_mark"]
    list_display_links = None
    list_filter = [
        UnreadFilter,
        "kind",
        ("project__tenant", admin.RelatedOnlyFieldListFilter),
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["title", "loop__loop_id", "project__project_id"]
    actions = ["mark_read"]
    change_list_template = "admin/diagnosis/notice/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The notices that the person may see, with `is_read`: whether this person has read each."""
        read = NoticeRead.objects.filter(user=request.user.pk, notice=OuterRef("pk"))
        rows: QuerySet[Notice] = super().get_queryset(request)
        return rows.annotate(is_read=Exists(read))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person may see loops."""
        return self.admin_site.get_model_admin(Loop).has_view_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the admin's index shows the inbox: to everybody who may see loops."""
        return self.has_view_permission(request)

    def unread(self, request: HttpRequest) -> QuerySet[Notice]:
        """The notices that this person may see and has not read."""
        rows: QuerySet[Notice] = self.get_queryset(request).filter(is_read=False)
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The inbox under its own title, with the number of unread notices."""
        allowed = self.has_view_permission(request)
        context = {"title": "Inbox", "unread": self.unread(request).count() if allowed else 0}
        return super().changelist_view(request, context | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        """Django's URLs, and those of the inbox."""
        wrap = self.admin_site.admin_view
        inbox_urls = [
            path("read/", wrap(self.read_all), name="diagnosis_notice_read"),
            path("mail/", wrap(self.mail), name="diagnosis_notice_mail"),
        ]
        return [*inbox_urls, *super().get_urls()]

    @admin.display(description="loop", ordering="title")
    def what(self, notice: Notice) -> str:
        """The title that the loop had at the time, with a link to the loop."""
        url = reverse("admin:diagnosis_loop_change", args=[notice.loop_id])
        return format_html(
            '<a class="lk-text" href="{}">{}</a>', url, escaping.visible_line(notice.title, 300)
        )

    @admin.display(description="at", ordering="created_at")
    def noticed_at(self, notice: Notice) -> str:
        """The time of the notice."""
        return to_the_minute(notice.created_at)

    @admin.display(description="unread")
    def unread_mark(self, notice: Any) -> str:
        """`unread`, or "" if this person has read the notice."""
        return "" if notice.is_read else "unread"

    @admin.action(permissions=["view"], description="Mark the selected notices as read")
    def mark_read(self, request: HttpRequest, rows: QuerySet[Notice]) -> None:
        """Mark the notices as read for this person alone."""
        self.mark(request, list(rows))

    @method_decorator(require_POST)
    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Mark all unread notices as read for this person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        self.mark(request, list(self.unread(request).only("pk")))
        return HttpResponseRedirect(reverse("admin:diagnosis_notice_changelist"))

    def mark(self, request: HttpRequest, rows: list[Notice]) -> None:
        """Store that this person has read the notices."""
        assert isinstance(request.user, User)
        reads = [NoticeRead(notice=row, user=request.user) for row in rows]
        NoticeRead.objects.bulk_create(reads, ignore_conflicts=True, batch_size=BATCH)
        self.message_user(request, f"Marked as read: {counted(len(rows), 'notice')}.", messages.SUCCESS)

    def mail(self, request: HttpRequest) -> HttpResponse:
        """The page on which the person chooses their mail; a POST stores the choice."""
        user = request.user
        if not (isinstance(user, User) and self.has_view_permission(request)):
            raise PermissionDenied
        form = MailForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                form.save(request)
            self.message_user(request, "Your choice of mail is kept.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:diagnosis_notice_changelist"))
        return self.mail_page(request, form)

    def mail_page(self, request: HttpRequest, form: forms.Form) -> HttpResponse:
        """The form as a page of the admin."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Mail", "form": form}
        return TemplateResponse(request, "admin/diagnosis/notice/mail.html", frame)
