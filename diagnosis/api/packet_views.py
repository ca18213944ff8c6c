"""The API of diagnoses: packets, their evidence, the dashboard as JSON, the report."""

from __future__ import annotations

from typing import Any

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
from diagnosis.packets.action_gate import action_gate
from loopkit.http.errors import ApiError
from telemetry.api.list_cursors import tagged, tagged_page
from telemetry.api.parsed_query import asked_window, checked_query, parse_query
from telemetry.api.serializers import TelemetryPageSerializer
from tenants.api.budgets import BUDGETED, BudgetParameters
from tenants.api.heavy_views import HeavyView
from tenants.api.openapi import error_responses
from tenants.api.project_view import AgentView
from tenants.models import Project

REFUSALS = (400, 401, 403, 503)


class PacketsView(AgentView):
    """The packets of the key's project."""

    @extend_schema(
        operation_id="list_packets",
        summary="List packets, newest first",
        parameters=[packets.PacketsParameters],
        responses={200: packets.PacketPageSerializer, **BUDGETED, **error_responses(*REFUSALS)},
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


def own_packet(project: Project, packet_id: str) -> dict[str, Any]:
    """The project's packet, as it is answered. 404 if there is none of that id."""
    packet = Packet.objects.filter(project=project, packet_id=packet_id).first()
    if packet is None:
        raise ApiError(
            404, "packet_not_found", "No such packet in this project.", "GET /v1/packets lists them."
        )
    return publishing.packet_as_answered(packet)


class PacketView(AgentView):
    """One packet."""

    @extend_schema(
        operation_id="read_packet",
        summary="Read one packet, with the state of its approvals",
        parameters=[packets.PacketParameters],
        responses={200: packets.DiagnosisResponseSerializer, **BUDGETED, **error_responses(404, *REFUSALS)},
    )
    def get(self, request: Request, packet_id: str) -> Response:
        """The packet as it was answered, with the approvals of now."""
        checked_query(packets.PacketParameters, request)
        return Response({"ok": True, "packet": own_packet(self.project, packet_id)})


class PacketIssueView(AgentView):
    """One issue of a packet."""

    @extend_schema(
        operation_id="read_packet_issue",
        summary="Read one issue of a packet by its cluster, with the state of its approval",
        parameters=[BudgetParameters],
        responses={200: packets.IssueAnswerSerializer, **BUDGETED, **error_responses(404, *REFUSALS)},
    )
    def get(self, request: Request, packet_id: str, cluster_id: str) -> Response:
        """The issue as the packet has it."""
        checked_query(BudgetParameters, request)
        issues = own_packet(self.project, packet_id)["issues"]
        issue = next((issue for issue in issues if issue["cluster_id"] == cluster_id), None)
        if issue is None:
            hint = "Take cluster_id from the issues of the packet: GET /v1/packets/{packet_id}?budget=4000."
            raise ApiError(
                404,
                "issue_not_found",
                "No issue of the packet has it.",
                hint,
                values={"packet_id": packet_id},
            )
        gate = action_gate(issue["approval"]["state"], issue["approval"]["decided_by"])
        return Response({"ok": True, "action_gate": gate, "issue": issue})


class EvidenceView(HeavyView):
    """The records of an issue that only a rule over a window finds, such as latency."""

    @extend_schema(
        operation_id="read_evidence",
        summary="Read all records of an issue that no record tells by itself, such as latency",
        description="Newest first, found again in the window: follow an issue's evidence_url.",
        parameters=[packets.EvidenceParameters],
        responses={200: TelemetryPageSerializer, **BUDGETED, **error_responses(*REFUSALS)},
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
        parameters=[packets.DashboardParameters],
        responses={
            200: OpenApiResponse(project_state.DashboardSerializer, description="Dashboard"),
            **BUDGETED,
            **error_responses(*REFUSALS),
        },
    )
    def get(self, request: Request) -> Response:
        """Counts, operations, the latest packet whole, loops, failing sessions."""
        now = timezone.now()
        return Response(dashboard(self.project, asked_window(request, now, packets.DashboardParameters), now))


class ReportView(AgentView):
    """The report for people."""

    required_scope = "reports:read"

    @extend_schema(
        operation_id="read_report",
        summary="Latest telemetry report as markdown",
        parameters=[BudgetParameters],
        responses={
            (200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, description="Markdown report"),
            **error_responses(*REFUSALS, media_type="application/json"),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """The newest packet as markdown."""
        checked_query(BudgetParameters, request)
        packet = publishing.latest(self.project)
        text = markdown.packet_report(publishing.packet_as_answered(packet) if packet else None)
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")
