"""The endpoint for user signals. Its key may be in public pages: it can do nothing else, and CORS is open for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.errors import ApiError
from telemetry.api import user_signal
from telemetry.api.user_signal import StoredSignal
from telemetry.store.ratings.bounds import MOST_ABOUT_ONE, MOST_VERSIONS
from tenants.api.openapi import error_responses
from tenants.api.project_view import ProjectView
from tenants.api.strict_fields import StrictSerializer, sent_body
from tenants.keys.authentication import FeedbackKey
from tenants.limits import rate_limits

OLDEST, AHEAD = timedelta(days=7), timedelta(minutes=5)  # a phone without a network; a clock that runs ahead
THEN = (
    "The signal is stored and counted. Once spans with that id arrive, it counts for their service, session and user. "
    "If they were sent already, compare the id with theirs."
)

MORE_QUOTA = "Ask the operator for more."
REFUSALS: dict[type[Exception], Callable[[], ApiError]] = {
    user_signal.SignalsUsed: lambda: ApiError(
        403, "quota_exceeded", "User signals have used their tenth of the project's quota.", MORE_QUOTA
    ),
    user_signal.QuotaUsed: lambda: ApiError(403, "quota_exceeded", "The project's quota is used.", MORE_QUOTA),
    user_signal.VersionsUsed: lambda: ApiError(
        409, "too_many_versions",
        f"This feedback_id was sent in {MOST_VERSIONS} versions; the latest of them by time counts.",
        "Send what the user says from now on with another feedback_id.",
    ),
    user_signal.SubjectUsed: lambda: ApiError(
        409, "too_many_signals", f"{MOST_ABOUT_ONE:,} user signals are about this trace or session.",
        "Name the session or the trace that the user saw: a session_id of each visit, no constant.",
    ),
}  # fmt: skip


class FeedbackRequestSerializer(StrictSerializer):
    """A user signal about a session or a trace."""

    rating = serializers.ChoiceField(choices=["up", "down"])
    comment = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    session_id = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        help_text="The session.id that the spans of the session have, 200 characters at most.",
    )
    trace_id = serializers.RegexField(
        r"^(?!0{32})[0-9a-fA-F]{32}$",
        required=False,
        default="",
        help_text="32 hex digits, not all of them 0.",
    )
    user_id = serializers.CharField(max_length=200, required=False, default="")
    feedback_id = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        help_text="Your own id of it: of all that is sent with it, the latest by its time counts.",
    )
    time = serializers.DateTimeField(
        required=False,
        default=None,
        help_text="When the user said it, as RFC 3339 with an offset: in the last 7 days. Without it: now.",
    )

    def validate_time(self, value: datetime | None) -> datetime | None:
        """Refuse a time that no page or client that waited for its network can mean."""
        now = timezone.now()
        if value and not now - OLDEST <= value <= now + AHEAD:
            raise serializers.ValidationError("It is not in the last 7 days.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a signal without a session or a trace, and write the trace id in lower case."""
        if not attrs["session_id"] and not attrs["trace_id"]:
            raise serializers.ValidationError({"session_id": "Give session_id or trace_id."})
        return attrs | {"trace_id": attrs["trace_id"].lower()}


class PendingSerializer(serializers.Serializer[dict[str, object]]):
    """What a signal is about and has not arrived."""

    unknown = serializers.ListField(
        child=serializers.ChoiceField(choices=["trace_id", "session_id"]),
        help_text="The ids that no span has yet.",
    )
    then = serializers.CharField(help_text="What happens when it arrives, and what to check.")


class FeedbackAnswerSerializer(serializers.Serializer[dict[str, object]]):
    """The record that the signal became."""

    ok = serializers.BooleanField()
    record_id = serializers.CharField()
    duplicate = serializers.BooleanField(
        help_text="Said before: the same with the same feedback_id, or the same words today."
    )
    replaces = serializers.CharField(
        allow_null=True, help_text="The record that counted for this feedback_id until now."
    )
    replaced_by = serializers.CharField(
        allow_null=True, help_text="The record that counts for this feedback_id: one with a later time."
    )
    pending = PendingSerializer(allow_null=True, help_text="Null: what the signal is about has arrived.")


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
            **error_responses(400, 401, 403, 409, 413, 415, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """202 once it is stored."""
        rate_limits.spend(request, "feedback", settings.LOOPKIT_FEEDBACK_RATE, "Feedback")
        fields = sent_body(FeedbackRequestSerializer, request)
        signal = user_signal.UserSignal(**fields)
        try:
            record = user_signal.take_signal(signal, timezone.now())
        except tuple(REFUSALS) as error:
            raise REFUSALS[type(error)]() from None
        return Response({"ok": True} | signal_answer(record), status=202)


def signal_answer(record: StoredSignal) -> dict[str, object]:
    """What became of a signal."""
    pending = {"unknown": list(record.unknown), "then": THEN} if record.unknown else None
    return {
        "record_id": record.record_id,
        "duplicate": record.duplicate,
        "replaces": record.replaces,
        "replaced_by": record.replaced_by,
        "pending": pending,
    }
