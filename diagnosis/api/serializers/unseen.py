"""The shape of what a window lacks, for the OpenAPI document."""

from rest_framework import serializers

from telemetry.api.serializers import ObjectSerializer


class UnseenSerializer(ObjectSerializer):
    """A kind of what came in the hours of a window and may not be in it; the ledger has its meaning and remedy."""

    reason = serializers.CharField()
    count = serializers.IntegerField()
    unit = serializers.ChoiceField(["spans", "requests"])
