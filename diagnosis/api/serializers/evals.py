"""The shapes of evals, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.evals.case_inputs import SOURCES
from diagnosis.evals.formats import FORMATS
from telemetry.api.serializers import ObjectSerializer, optional_text
from tenants.api.budgets import JsonBudgetParameters
from tenants.api.serializers import WarnedAnswerSerializer
from tenants.api.strict_fields import StrictSerializer


class EvalParameters(JsonBudgetParameters):
    """GET /v1/evals/{eval_id}"""

    format = serializers.ChoiceField(list(FORMATS), default="json")


class EvalCaseSerializer(ObjectSerializer):
    """One failing call."""

    record_id = serializers.CharField()
    input = serializers.JSONField(help_text="Any JSON; null in evals of earlier releases where unknown.")
    input_from = serializers.ChoiceField(
        SOURCES,
        required=False,
        help_text="What the call was given, what its run was asked, or the attributes of its span.",
    )
    call_input = serializers.JSONField(
        required=False, help_text="Where the input is a question: what the failing call was given."
    )
    cut = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Of attributes that are cut in `input`: the number of characters of the whole.",
    )
    result_form = serializers.CharField(
        required=False, help_text="What the result of a repeated call must have, so that it can be checked."
    )
    output = serializers.JSONField(help_text="Any JSON; null where unknown.")
    expected = serializers.JSONField(help_text="Any JSON; null where unknown.")
    replayable = serializers.BooleanField()
    tool = optional_text()
    model = optional_text()
    failure = optional_text()


class EvalCandidateSerializer(ObjectSerializer):
    """A test that would catch the failure."""

    eval_id = serializers.CharField()
    cluster_id = serializers.CharField()
    title = serializers.CharField()
    operation = serializers.CharField()
    unit = optional_text()
    signal_type = serializers.CharField(required=False, help_text="The rule behind the expectation.")
    expectation = serializers.CharField()
    cases = EvalCaseSerializer(many=True)


class EvalAnswerSerializer(WarnedAnswerSerializer, EvalCandidateSerializer):
    """A candidate as it is answered."""


class EvalResultRequestSerializer(StrictSerializer):
    """How a run of an eval ended."""

    eval_id = serializers.CharField(
        max_length=120, help_text="eval_candidate of an issue, or eval_ and the digits of its cluster_id."
    )
    passed = serializers.BooleanField()
    release = serializers.CharField(max_length=200, required=False, default="")
    detail = serializers.CharField(max_length=4000, required=False, default="")


class EvalResultAnswerSerializer(WarnedAnswerSerializer):
    """The result, kept."""

    eval_id = serializers.CharField()
    passed = serializers.BooleanField()
    created_at = serializers.DateTimeField()
