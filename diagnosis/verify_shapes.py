"""The shapes of a verification, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.models import Loop, Verification
from telemetry.parameters import Declared
from telemetry.serializers import Shape, text


class VerifyRequest(Declared):
    """Which loop to judge."""

    loop_id = serializers.CharField(max_length=24)


class Counted(Shape):
    """Failures over exposure in a window."""

    failures = serializers.IntegerField()
    exposure = serializers.IntegerField(help_text="Records of the operation.")
    rate = serializers.FloatField(allow_null=True)
    window = serializers.DictField()


class VerifyAnswer(Shape):
    """A verdict with what it rests on."""

    ok = serializers.BooleanField()
    loop_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    verdict = serializers.ChoiceField(Verification.Verdict.choices)
    reason = serializers.CharField()
    needed = text("What is still missing for a held verdict.")
    before = Counted()
    after = Counted()
    ratio = serializers.DictField(help_text="Rate after over rate before: estimate, low, high.")
    confidence = serializers.FloatField()
    evidence_ids = serializers.ListField(child=serializers.CharField(), help_text="Failures after the fix.")
