"""The API of diagnoses: packets, their evidence, the dashboard as JSON, the report."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.api.keyset import keyset_page
from diagnosis.api.project_state import dashboard
from diagnosis.api.serializers import packets, project_state
from diagnosis.detection import search
from diagnosis.models import Packet
from diagnosis.packets import markdown, packet_lists, publishing
from loopkit.http.errors import ApiError
from telemetry.api.list_cursors import tagged, tagged_page
from telemetry.api.parameters import Parameters
from telemetry.api.parsed_query import asked_window, checked_query, parse_query
from telemetry.api.serializers import TelemetryPageSerializer
from tenants.api.heavy_views import HeavyView
from tenants.api.openapi import error_responses
from tenants.api.project_view import AgentView
from tenants.api.strict_fields import StrictSerializer

REFUSALS = (400, 401, 403, 503)


class PacketsView(AgentView):
    """The packets of the key's project."""

    @extend_schema(
        operation_id="list_packets",
        summary="List packets, newest first",
        parameters=[packets.PacketsParameters],
        responses={200: packets.PacketPageSerializer, **error_responses(*REFUSALS)},
    )
    def get(self, request: Request) -> Response:
        """A page of packets, in short."""
        query = checked_query(packets.PacketsParameters, request)
        packets_of_project = packet_lists.summarised(Packet.objects.filter(project=self.project))
        rows, cursor = keyset_page(packets_of_project, query)
        return Response(
            {
                "ok": True,
                "packets": [packet_lists.packet_in_short(packet) for packet in rows],
                "next_cursor": tagged(request, cursor),
            }
        )


class PacketView(AgentView):
    """One packet."""

    @extend_schema(
        operation_id="read_packet",
        summary="Read one packet, with the state of its approvals",
        responses={200: packets.DiagnosisResponseSerializer, **error_responses(404, *REFUSALS)},
    )
    def get(self, request: Request, packet_id: str) -> Response:
        """The packet as it was answered, with the approvals of now."""
        checked_query(StrictSerializer, request)
        packet = Packet.objects.filter(project=self.project, packet_id=packet_id).first()
        if packet is None:
            raise ApiError(
                404, "packet_not_found", "No such packet in this project.", "GET /v1/packets lists them."
            )
        return Response({"ok": True, "packet": publishing.packet_as_answered(packet)})


class EvidenceView(HeavyView):
    """The records of an issue that only a rule over a window finds, such as latency."""

    @extend_schema(
        operation_id="read_evidence",
        summary="Read all records of an issue that no record tells by itself, such as latency",
        description="Newest first, found again in the window: follow an issue's evidence_url.",
        parameters=[packets.EvidenceParameters],
        responses={200: TelemetryPageSerializer, **error_responses(*REFUSALS)},
    )
    def get(self, request: Request) -> Response:
        """A page of them."""
        query = parse_query(packets.EvidenceParameters, request, timezone.now())
        cluster = query.filters.fingerprint or 0
        page = search.window_cluster_page(query.window, cluster, query.cursor, query.limit)
        return Response({"ok": True} | tagged_page(request, page.shown()))


class DashboardView(HeavyView):
    """The project's state for agents."""

    required_scope = "dashboard:read"

    @extend_schema(
        operation_id="read_dashboard",
        summary="Agent-readable dashboard JSON",
        parameters=[Parameters],
        responses={
            200: OpenApiResponse(project_state.DashboardSerializer, description="Dashboard"),
            **error_responses(*REFUSALS),
        },
    )
    def get(self, request: Request) -> Response:
        """Counts, operations, the latest packet whole, loops, failing sessions."""
        now = timezone.now()
        return Response(dashboard(self.project, asked_window(request, now), now))


class ReportView(AgentView):
    """The report for people."""

    required_scope = "reports:read"

    @extend_schema(
        operation_id="read_report",
        summary="Latest telemetry report as markdown",
        responses={
            (200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, description="Markdown report"),
            **error_responses(*REFUSALS, media_type="application/json"),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """The newest packet as markdown."""
        checked_query(StrictSerializer, request)
        packet = publishing.latest(self.project)
        text = markdown.packet_report(publishing.packet_as_answered(packet) if packet else None)
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")
