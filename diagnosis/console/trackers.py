"""Where each project's people open issues: settings of operators, each change of them in the audit log."""

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
    """A URL that is one of that kind of tracker, and what Jira's form needs besides."""

    class Meta:
        model = Tracker
        fields = ["project", "kind", "url", "jira_project", "jira_issue_type"]

    def clean(self) -> dict[str, Any]:
        """https only, without a password, and in the shape of its kind."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        kind, url = said.get("kind"), said.get("url")
        if kind and url:
            try:
                said["url"] = tracker_links.checked(Tracker.Kind(kind), url)
            except tracker_links.NotATracker as refusal:
                self.add_error("url", str(refusal))
        needed = ("jira_project", "jira_issue_type")
        for name in needed if kind == Tracker.Kind.JIRA else ():
            if not said.get(name) and name not in self.errors:
                self.add_error(
                    name, "Jira's form needs it: open a project's or type's settings, its URL has it."
                )
        return said


class TrackerAdmin(AuditedAdmin, ScopedAdmin):
    """One of a kind for each project."""

    tenant_path = "project__tenant"
    form = TrackerForm
    list_display = ["project", "kind", "url"]
    list_filter = ["kind", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    search_fields = ["project__project_id", "project__name", "url"]
