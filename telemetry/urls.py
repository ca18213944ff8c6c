"""The URL paths of telemetry. OTLP paths work with and without a trailing slash, and never redirect."""

from django.contrib import admin
from django.urls import path

from telemetry import admin as ledger_admin
from telemetry.api import feedback_view, ledger_views, otlp_views, read_views

urlpatterns = [
    path("v1/traces", otlp_views.TracesView.as_view(), name="traces"),
    path("v1/traces/", otlp_views.TracesView.as_view(schema=None)),
    path("v1/logs", otlp_views.LogsView.as_view(), name="logs"),
    path("v1/logs/", otlp_views.LogsView.as_view(schema=None)),
    path("v1/metrics", otlp_views.MetricsView.as_view(), name="metrics"),
    path("v1/metrics/", otlp_views.MetricsView.as_view(schema=None)),
    path("v1/feedback", feedback_view.FeedbackView.as_view(), name="feedback"),
    path("v1/ledger", ledger_views.LedgerView.as_view(), name="ledger"),
    path("v1/telemetry", read_views.TelemetryView.as_view(), name="telemetry"),
    path("v1/sessions", read_views.SessionsView.as_view(), name="sessions"),
    path("v1/sessions/<path:id>", read_views.SessionView.as_view(), name="session"),
    path(
        "admin/projects/<slug:project_id>/ledger/",
        admin.site.admin_view(ledger_admin.ledger_page),
        name="admin-ledger",
    ),
]
