"""The endpoint for user signals. Its key may be in public pages: it can do nothing else, and CORS is open for it."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.errors import ApiError
from telemetry.api import user_signal
from tenants.api.openapi import error_responses
from tenants.api.project_view import ProjectView
from tenants.api.strict_fields import valid
from tenants.keys.authentication import FeedbackKey
from tenants.limits import rate_limits


class FeedbackRequestSerializer(serializers.Serializer[dict[str, str]]):
    """A user signal about a session or a trace."""

    rating = serializers.ChoiceField(choices=["up", "down"])
    comment = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    session_id = serializers.CharField(max_length=200, required=False, default="")
    trace_id = serializers.RegexField(
        r"^(?!0{32})[0-9a-fA-F]{32}$", required=False, default="", help_text="32 hex digits."
    )
    user_id = serializers.CharField(max_length=200, required=False, default="")
    feedback_id = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        help_text="Your own id of it: sent again, it is one record.",
    )

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """Refuse a signal without a session or a trace, and write the trace id in lower case."""
        if not attrs["session_id"] and not attrs["trace_id"]:
            raise serializers.ValidationError({"session_id": "Give session_id or trace_id."})
        return attrs | {"trace_id": attrs["trace_id"].lower()}


class FeedbackAnswerSerializer(serializers.Serializer[dict[str, object]]):
    """The record that the signal became."""

    ok = serializers.BooleanField()
    record_id = serializers.CharField()
    duplicate = serializers.BooleanField(
        help_text="Said before: the same feedback_id, or the same words today."
    )


class FeedbackView(ProjectView):
    """A user signal."""

    authentication_classes = [FeedbackKey]
    required_scope = "feedback:write"

    @extend_schema(
        operation_id="send_feedback",
        summary="Send a user signal (rating, comment) about a session or a trace",
        request=FeedbackRequestSerializer,
        responses={
            202: FeedbackAnswerSerializer,
            **error_responses(400, 401, 403, 413, 415, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """202 once it is stored."""
        rate_limits.spend(request, "feedback", settings.LOOPKIT_FEEDBACK_RATE, "Feedback")
        fields = valid(FeedbackRequestSerializer(data=request.data))
        signal = user_signal.UserSignal(**fields)
        try:
            record = user_signal.take_signal(signal, timezone.now())
        except user_signal.SignalsUsed:
            message = "User signals have used their tenth of the project's quota."
            raise ApiError(403, "quota_exceeded", message, "Ask the operator for more.") from None
        except user_signal.QuotaUsed:
            raise ApiError(
                403, "quota_exceeded", "The project's quota is used.", "Ask the operator for more."
            ) from None
        return Response(
            {"ok": True, "record_id": record.record_id, "duplicate": record.duplicate}, status=202
        )
