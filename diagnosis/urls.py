"""The URLs of diagnosis: first the API, then the pages and the admin's own views."""

from django.contrib import admin
from django.urls import path

from diagnosis.agents.server import server
from diagnosis.api import eval_views, feed_views, funnel_views, loop_views, packet_views, run_views
from diagnosis.console import fingerprints, funnel, handoff, shipment, whole_content
from diagnosis.models import Decision
from diagnosis.pages import dashboard

urlpatterns = [
    path("mcp", server, name="mcp"),
    path("v1/runs/diagnose", run_views.DiagnoseView.as_view(), name="diagnose"),
    path("v1/runs/verify", run_views.VerifyView.as_view(), name="verify"),
    path("v1/dashboard", packet_views.DashboardView.as_view(), name="dashboard-json"),
    path("v1/funnel", funnel_views.FunnelView.as_view(), name="funnel"),
    path("v1/reports/latest.md", packet_views.ReportView.as_view(), name="report"),
    path("v1/packets", packet_views.PacketsView.as_view(), name="packets"),
    path("v1/packets/<slug:packet_id>", packet_views.PacketView.as_view(), name="packet"),
    path(
        "v1/packets/<slug:packet_id>/issues/<slug:cluster_id>",
        packet_views.PacketIssueView.as_view(),
        name="packet-issue",
    ),
    path("v1/evidence", packet_views.EvidenceView.as_view(), name="evidence"),
    path("v1/loops", loop_views.LoopsView.as_view(), name="loops"),
    path("v1/loops/<slug:loop_id>", loop_views.LoopView.as_view(), name="loop"),
    *(
        path(f"v1/loops/<slug:loop_id>/{verb}", loop_views.DecisionView.as_view(), name=f"loop-{verb}")
        for verb in Decision.Verb.values
    ),
    path("v1/loops/<slug:loop_id>/events", loop_views.LoopEventsView.as_view(), name="loop-events"),
    path("v1/loops/<slug:loop_id>/handoff", loop_views.HandoffView.as_view(), name="handoff"),
    path("v1/evals", eval_views.EvalsView.as_view(), name="evals"),
    path("v1/evals/<slug:eval_id>", eval_views.EvalView.as_view(), name="eval"),
    path("v1/notices.json", feed_views.JsonFeed.as_view(), name="notices-json"),
    path("v1/notices.atom", feed_views.AtomFeed.as_view(), name="notices-atom"),
    path("admin/funnel/", admin.site.admin_view(funnel.funnel_page), name="admin-funnel"),
    path("dashboard", dashboard.project_page, name="dashboard"),
    path("dashboard/diagnose", dashboard.diagnose_window, name="dashboard-diagnose"),
    path("dashboard/issues/<str:cluster_id>", dashboard.issue_page, name="dashboard-issue"),
    path("dashboard/sessions", dashboard.sessions_page, name="dashboard-sessions"),
    path("dashboard/session", dashboard.session_page, name="dashboard-session"),
    path("dashboard/records/<str:record_id>", dashboard.record_page, name="dashboard-record"),
    path("dashboard/records/<str:record_id>/trace", dashboard.trace_page, name="dashboard-trace"),
    path(
        "admin/loops/<slug:loop_id>/handoff.zip",
        admin.site.admin_view(handoff.download_handoff),
        name="admin-handoff",
    ),
    path(
        "admin/loops/<slug:loop_id>/content/",
        admin.site.admin_view(whole_content.whole_content),
        name="admin-whole-content",
    ),
    path(
        "admin/loops/<slug:loop_id>/shipment/",
        admin.site.admin_view(shipment.shipment_page),
        name="admin-shipment",
    ),
    path(
        "admin/projects/<slug:project_id>/fingerprints/",
        admin.site.admin_view(fingerprints.fingerprints_page),
        name="admin-fingerprints",
    ),
]
