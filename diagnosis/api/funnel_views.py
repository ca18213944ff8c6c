"""The API of the funnel: how far fixes get, how long each step takes, what waiting for a human cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.funnel.funnel_rows import of_project
from diagnosis.funnel.loop_lives import STAGES
from telemetry.api.parameters import minutes
from telemetry.api.parsed_query import checked_query
from telemetry.api.serializers import ObjectSerializer, WindowSerializer
from telemetry.windows import MAX_MINUTES, Window
from tenants.api.budgets import BUDGETED, BudgetParameters
from tenants.api.openapi import error_responses
from tenants.api.project_view import AgentView
from tenants.api.serializers import WarnedAnswerSerializer


class FunnelParameters(BudgetParameters):
    """GET /v1/funnel"""

    default_minutes: ClassVar[int] = MAX_MINUTES
    since_minutes = minutes(f"Length of the window in minutes; it ends now. {MAX_MINUTES} if left out.")


class FunnelStageSerializer(ObjectSerializer):
    """One step of the way."""

    stage = serializers.ChoiceField(STAGES)
    now = serializers.IntegerField(help_text="Loops that stand here.")
    reached = serializers.IntegerField(help_text="Loops that came here in the window, for the first time.")
    from_first_seen_seconds = serializers.IntegerField(
        allow_null=True, help_text="Median, of those that came here, since the failure was first seen."
    )
    from_stage_before_seconds = serializers.IntegerField(allow_null=True, help_text="Median.")


class FunnelWeekSerializer(ObjectSerializer):
    """A week, from Monday, UTC."""

    starts_at = serializers.DateTimeField(help_text="Where the window cuts the week, the window's start.")
    verified = serializers.IntegerField()
    regressed = serializers.IntegerField()


class FunnelWaitingSerializer(ObjectSerializer):
    """What waiting for a human cost: an estimate, as if each failure went on as it was seen while its loop waited."""

    loops = serializers.IntegerField(help_text="That waited at some time in the window.")
    now = serializers.IntegerField(
        help_text="Loops that wait for approval now, proposed and regressed ones. The queue also lists shipped fixes "
        "on which a human has to decide how to go on."
    )
    longest_seconds = serializers.IntegerField(allow_null=True, help_text="Of those that wait now.")
    days = serializers.FloatField(help_text="Of all loops together.")
    failures = serializers.IntegerField()
    people = serializers.IntegerField(
        help_text="Users, or sessions where nobody names users; no more than were seen."
    )
    tokens = serializers.IntegerField(help_text="Of the traces that failed. 0 where no record tells.")


class FunnelShapeSerializer(WarnedAnswerSerializer):
    """How far fixes get."""

    window = WindowSerializer()
    stages = FunnelStageSerializer(many=True)
    states = serializers.DictField(child=serializers.IntegerField(), help_text="Loops by state, now.")
    verified = serializers.IntegerField(help_text="Fixes that held, in the window. Nothing else is a fix.")
    regressed = serializers.IntegerField()
    verified_a_week = serializers.FloatField()
    weeks = FunnelWeekSerializer(many=True)
    waiting = FunnelWaitingSerializer()


class FunnelView(AgentView):
    """The funnel of the key's project."""

    required_scope = "dashboard:read"

    @extend_schema(
        operation_id="read_funnel",
        summary="Read how far fixes get, how long each step takes, verified fixes a week, what waiting cost",
        parameters=[FunnelParameters],
        responses={
            200: OpenApiResponse(FunnelShapeSerializer, description="The funnel of the window"),
            **BUDGETED,
            **error_responses(400, 401, 403),
        },
    )
    def get(self, request: Request) -> Response:
        """The funnel of the window that ends now."""
        length = checked_query(FunnelParameters, request).get(
            "since_minutes", FunnelParameters.default_minutes
        )
        window = Window.ending(timezone.now(), length)
        return Response({"ok": True, "window": window.shown(), **asdict(of_project(self.project, window))})
