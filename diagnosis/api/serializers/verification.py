"""The shapes of a verification, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.serializers.unseen import UnseenSerializer
from diagnosis.models import Loop, Verification, WayOn
from diagnosis.side_effects.linked import LINKS, OF_PEOPLE, RECORDS, REQUESTS
from diagnosis.verification.reasons import FAILURES, SAMPLED, SLOW, TRACES, WITH_CAUSED
from telemetry.api.serializers import ObjectSerializer, optional_text
from tenants.api.serializers import SentencesSerializer, WarnedAnswerSerializer
from tenants.api.strict_fields import StrictSerializer


class VerifyRequestSerializer(StrictSerializer):
    """Which loop to judge."""

    loop_id = serializers.CharField(
        max_length=24, help_text="That of an issue, or of a loop that GET /v1/loops lists."
    )


class CountedSerializer(ObjectSerializer):
    """Failures over exposure in a window."""

    failures = serializers.IntegerField()
    exposure = serializers.IntegerField(help_text="Records of the operation.")
    rate = serializers.FloatField(allow_null=True)
    counted = serializers.ChoiceField(
        [FAILURES, TRACES, SAMPLED, SLOW, WITH_CAUSED],
        required=False,
        help_text="What `failures` are: those of the cluster, as in the count of its issue; traces that have the "
        "signal, of all or of a sample; of latency, the slow ones of the records whose own time was read; or, in a "
        "verification of an earlier version, failures with the records that they caused.",
    )
    slow_above_ms = serializers.FloatField(
        required=False,
        help_text="Of latency: a record is slow above it, by its own time, without child spans, or by the time that a "
        "call from another service took on its way, as the issue says.",
    )
    window = serializers.DictField()


class RatioOfRatesSerializer(ObjectSerializer):
    """The rate after by the rate before, with its interval."""

    estimate = serializers.FloatField(allow_null=True, help_text="Null without a failure before.")
    low = serializers.FloatField()
    high = serializers.FloatField(allow_null=True, help_text="Null: no bound.")


class SideCountsSerializer(ObjectSerializer):
    """The counts of a part of the records of a window."""

    failures = serializers.IntegerField()
    exposure = serializers.IntegerField()


class RatioComparesSerializer(ObjectSerializer):
    """The records that took longer than a quantile of the own times before, whose shares the ratio compares."""

    quantile = serializers.FloatField()
    above_ms = serializers.FloatField(help_text="That quantile, in the window before.")
    before = SideCountsSerializer()
    after = SideCountsSerializer()


class LookTakenSerializer(ObjectSerializer):
    """The last look at this fix that counted."""

    number = serializers.IntegerField(help_text="From 1; 0 before the first.")
    information = serializers.FloatField(
        help_text="Failures expected or seen at it (of latency: records). The next look counts at twice as many."
    )


class SpreadingSerializer(ObjectSerializer):
    """How failures come together."""

    design_effect = serializers.FloatField(help_text="Variance over sessions by that of independent records.")
    burst_variance = serializers.FloatField(help_text="Of the factor by which rates differ over time.")


class MovedToSerializer(ObjectSerializer):
    """Another cluster that rose: records of the loop's operations that failed with it, or because it failed inside."""

    cluster_id = serializers.CharField()
    failures_before = serializers.IntegerField()
    failures_after = serializers.IntegerField()


class SideEffectSerializer(ObjectSerializer):
    """Another cluster that came with the fix."""

    cluster_id = serializers.CharField()
    loop_id = optional_text("Its loop, if it has one.")
    title = optional_text("Text from telemetry.")
    service = optional_text("Of its first failure since the fix.")
    operation = optional_text("Of its first failure since the fix.")
    linked_by = serializers.ListField(
        child=serializers.ChoiceField(LINKS),
        help_text="Why it is linked: it fails requests of the kind that the loop's failure hit; other requests of the "
        "same users or sessions; it came with the release of the fix for the first time.",
    )
    shared = serializers.ListField(
        child=serializers.CharField(),
        help_text="Attributes whose values its requests share with those that were hit, and healthy ones do not.",
    )
    counted = serializers.ChoiceField([REQUESTS, OF_PEOPLE, RECORDS], help_text="What the numbers count.")
    failures_before = serializers.IntegerField()
    exposure_before = serializers.IntegerField()
    failures_after = serializers.IntegerField()
    exposure_after = serializers.IntegerField()


class LeftOutSerializer(ObjectSerializer):
    """Records that do not count as after the fix."""

    release = optional_text("Null: they name none.")
    records = serializers.IntegerField()
    failures = serializers.IntegerField()


class EstimateSerializer(ObjectSerializer):
    """A figure with its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SessionsSerializer(ObjectSerializer):
    """How the sessions of a window went; null where there are too few to say."""

    sessions = serializers.IntegerField()
    success_rate = EstimateSerializer(allow_null=True)
    tokens = EstimateSerializer(allow_null=True, help_text="A session, in and out.")
    steps = EstimateSerializer(allow_null=True, help_text="Records a session.")
    tool_failures = EstimateSerializer(allow_null=True, help_text="A session.")


class TrajectorySerializer(ObjectSerializer):
    """Sessions of the service before and after."""

    before = SessionsSerializer()
    after = SessionsSerializer()


class ComparedCountsSerializer(ObjectSerializer):
    """The counts of a part of the records before and after the fix."""

    before = SideCountsSerializer(
        allow_null=True, help_text="Null: an earlier version counted the window before."
    )
    after = SideCountsSerializer()


class ComparedEnvironmentSerializer(ComparedCountsSerializer):
    """The counts of an environment."""

    environment = optional_text("`deployment.environment.name`. Null: the records name none.")
    is_production = serializers.BooleanField(
        allow_null=True, help_text="Whether an operator named it as production. Null: none is named."
    )


class FurtherEnvironmentsSerializer(ComparedCountsSerializer):
    """The counts of all environments that the list does not name."""

    number = serializers.IntegerField(help_text="How many.")


class VerifyAnswerSerializer(WarnedAnswerSerializer, SentencesSerializer):
    """A verdict with what it rests on."""

    loop_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    verdict = serializers.ChoiceField(Verification.Verdict.choices)
    reason = serializers.CharField()
    needed = optional_text("What is still missing for a held verdict.")
    needed_exposure = serializers.IntegerField(
        allow_null=True, help_text="The same as a number. Null: none would do."
    )
    way_on = serializers.ChoiceField(
        WayOn.choices,
        allow_null=True,
        help_text="Why no further traffic decides. Null: it does, or the fix is decided.",
    )
    instead = optional_text("What to do instead, where no further traffic decides.")
    next_action = serializers.CharField(help_text="The call that comes next.")
    unseen = UnseenSerializer(
        many=True, help_text="What came in the hours of the window after the fix and may not be in it."
    )
    unseen_note = optional_text("The same in a sentence.")
    quota_left = serializers.IntegerField(allow_null=True, help_text="In spans. Null: no limit.")
    quota_needed = serializers.IntegerField(
        allow_null=True,
        help_text="About how many spans are needed for a verdict, at as many for each record as before the fix.",
    )
    quota_note = optional_text("That the quota has no room for them, and what to do.")
    service = serializers.CharField(allow_blank=True)
    operation = serializers.CharField()
    before = CountedSerializer()
    after = CountedSerializer()
    environments = ComparedEnvironmentSerializer(
        many=True,
        allow_null=True,
        help_text="The parts of before and after by environment: production first, then the largest. The verdict is of "
        "all of them together, "
        "without those that could have had the failure before and did not. Null of what the rules over windows found.",
    )
    further_environments = FurtherEnvironmentsSerializer(allow_null=True)
    expected_failures = serializers.FloatField(help_text="After, at the rate before.")
    ratio = RatioOfRatesSerializer()
    ratio_of = RatioComparesSerializer(
        allow_null=True, help_text="Of latency: what `ratio` compares. Null: the rates of failures."
    )
    confidence = serializers.FloatField(help_text="Of the ratio's interval; grows with each look.")
    look = LookTakenSerializer()
    spread = SpreadingSerializer()
    release = optional_text("That carries the fix.")
    release_note = optional_text("What is to be known of the release, such as that no record names it.")
    releases_left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text="Releases that ran since the fix and do not have it: they were seen before it, or are older by name.",
    )
    left_out = LeftOutSerializer(
        many=True, help_text="Their records, which speak neither for nor against the fix."
    )
    regressed_in = optional_text("The release since the fix that is regressed, if one is by itself.")
    moved_to = MovedToSerializer(
        many=True, help_text="Other failures of the operation that rose since the fix."
    )
    side_effects = SideEffectSerializer(
        many=True, help_text="Failures elsewhere that came with the fix, those of the same requests first."
    )
    side_effects_found = serializers.IntegerField(help_text="How many there are; the first five are shown.")
    clusters_compared = serializers.IntegerField(
        help_text="With failures since the fix. Each is tested at its part of one chance to err."
    )
    evidence_ids = serializers.ListField(child=serializers.CharField(), help_text="Failures after the fix.")
    trajectory = TrajectorySerializer()
