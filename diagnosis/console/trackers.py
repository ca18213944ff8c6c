"""The issue trackers of each project, as operators set them; each change is in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

from diagnosis.handoff import tracker_links
from diagnosis.models import Tracker
from tenants.console.audited import AuditedAdmin
from tenants.console.scoped import ScopedAdmin

if TYPE_CHECKING:
    TrackerModelForm = forms.ModelForm[Tracker]
else:
    TrackerModelForm = forms.ModelForm


class TrackerForm(TrackerModelForm):
    """A tracker's URL, and the ids that Jira's form needs besides."""

    class Meta:
        model = Tracker
        fields = ["project", "kind", "url", "jira_project", "jira_issue_type"]

    def clean(self) -> dict[str, Any]:
        """Refuse URLs that are not https, carry a password, or do not fit the kind of tracker."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, url = cleaned.get("kind"), cleaned.get("url")
        if kind and url:
            try:
                cleaned["url"] = tracker_links.checked_tracker_url(Tracker.Kind(kind), url)
            except tracker_links.NotATracker as refusal:
                self.add_error("url", str(refusal))
        needed = ("jira_project", "jira_issue_type")
        for name in needed if kind == Tracker.Kind.JIRA else ():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(
                    name,
                    "Jira's form needs it: the number is in the URL of the settings of the project or issue type.",
                )
        return cleaned


class TrackerAdmin(AuditedAdmin, ScopedAdmin):
    """The admin of trackers, of which a project has at most one of each kind."""

    tenant_path = "project__tenant"
    form = TrackerForm
    list_display = ["project", "kind", "url"]
    list_filter = ["kind", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    search_fields = ["project__project_id", "project__name", "url"]
