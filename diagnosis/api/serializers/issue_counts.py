"""Where an issue fails, and whether it still does, for the OpenAPI document."""

from rest_framework import serializers

from telemetry.api.serializers import ObjectSerializer, optional_number, optional_text


class CountsThereSerializer(ObjectSerializer):
    """Failures of a cluster, and the records of its operations."""

    failures = serializers.IntegerField(help_text="As in `count`, of these records.")
    exposure = optional_number(
        "All records of the operations there. Null of what the rules over windows found."
    )


class EnvironmentCountsSerializer(CountsThereSerializer):
    """The counts of an environment."""

    environment = optional_text("`deployment.environment.name`. Null: the records name none.")


class ReleaseCountsSerializer(CountsThereSerializer):
    """The counts of a release."""

    release = optional_text("`service.version`. Null: the records name none.")


class FurtherCountsSerializer(CountsThereSerializer):
    """The counts of all that a list does not name."""

    number = serializers.IntegerField(help_text="How many.")


class QuietSinceSerializer(ObjectSerializer):
    """What ran since the last failure of the window."""

    since = serializers.DateTimeField(help_text="The last failure.")
    until = serializers.DateTimeField(help_text="Until then records are counted: the end of the window.")
    records = serializers.IntegerField(help_text="Of the operation, that started after the last failure.")
    chance = serializers.FloatField(
        help_text="That none of so many records fails, if nothing changed, 0 to 1."
    )
    is_quiet = serializers.BooleanField(help_text="It is no chance: the failure stopped, for now.")
    reason = serializers.CharField(help_text="All of it in one sentence.")


class RatingsSerializer(ObjectSerializer):
    """The ratings of POST /v1/feedback that an issue is about."""

    bad = serializers.IntegerField(help_text="The same as count. Of one feedback_id the latest counts.")
    all = serializers.IntegerField(help_text="Good ones, too, of the same service.")
    pending = serializers.IntegerField(
        help_text="Bad ones about a trace or session of which no span has arrived."
    )


class SharedTracesSerializer(ObjectSerializer):
    """Another issue that has traces of this one."""

    cluster_id = serializers.CharField(help_text="Of the other issue, in this packet.")
    signal_type = serializers.CharField(help_text="Of the other issue.")
    traces = serializers.IntegerField(help_text="That both have.")
    of_traces = serializers.IntegerField(help_text="That the other issue has.")
