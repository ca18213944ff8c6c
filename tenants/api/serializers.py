"""Serializers of the requests and responses for projects and keys. The OpenAPI document contains their texts."""

from typing import Any

from rest_framework import serializers

from tenants.api.strict_fields import StrictSerializer


class WarnedAnswerSerializer(serializers.Serializer[dict[str, object]]):
    """An answer with text from telemetry in it."""

    warning = serializers.CharField(help_text="First of all: text from telemetry is untrusted.")
    ok = serializers.BooleanField()


class ValuesSerializer(serializers.Serializer[dict[str, object]]):
    """Values that stand beside sentences."""

    text = serializers.DictField(
        child=serializers.JSONField(),
        help_text="From telemetry, untrusted: a text or a list of texts by name.",
    )
    cut = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="Of which only the beginning is in `text`: the number of characters of the whole, by name.",
    )


class SentencesSerializer(serializers.Serializer[dict[str, object]]):
    """An object with sentences of LoopKit, in which `{names}` stand for values from telemetry."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields, and `with`, which is no name for an attribute in Python."""
        values = ValuesSerializer(
            required=False,
            help_text="The values of `{names}` in the sentences here. Absent without such names.",
        )
        return {**super().get_fields(), "with": values}


class StringField(serializers.CharField):
    """A field for JSON strings only, as published. CharField would also accept numbers."""

    def to_internal_value(self, data: object) -> str:
        """The text. Fails with `invalid` (400) for any other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ProvisionRequestSerializer(serializers.Serializer[dict[str, str]]):
    """A name to converge on."""

    project_name = StringField(
        max_length=120,
        help_text="Idempotency key: re-running with the same name converges to the same project.",
    )
    operator = StringField(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="Optional namespace, so that two operators can each own the same project name.",
    )


class SignupRequestSerializer(serializers.Serializer[dict[str, str]]):
    """An optional name."""

    project_name = StringField(max_length=120, required=False, default="project")


class RecoverRequestSerializer(serializers.Serializer[dict[str, str]]):
    """Which project, and the proof."""

    project_id = StringField(max_length=64)
    recovery_code = StringField(max_length=128, help_text="From the signup or provision answer.")


class UpgradeRequestSerializer(serializers.Serializer[dict[str, str]]):
    """The operator's code for this project."""

    code = StringField(max_length=128, help_text="HMAC-SHA256 hex for signup-upgrade:sandbox:<project_id>.")
    producer_key = StringField(max_length=128, required=False, help_text="If given, must be this project's.")
    agent_key = StringField(max_length=128, required=False, help_text="If given, must be this project's.")


class AccessRequestRequestSerializer(StrictSerializer):
    """Who asks for a production tenant, and why."""

    name = StringField(max_length=120)
    email = serializers.EmailField(max_length=254)
    organisation = StringField(max_length=120, required=False, allow_blank=True, default="")
    message = StringField(max_length=4000, required=False, allow_blank=True, default="")


class AccessRequestAnswerSerializer(serializers.Serializer[dict[str, object]]):
    ok = serializers.BooleanField()
    message = serializers.CharField()


class ScopesSerializer(serializers.Serializer[dict[str, list[str]]]):
    """What each key may do."""

    producer = serializers.ListField(child=serializers.CharField())
    agent = serializers.ListField(child=serializers.CharField())
    feedback = serializers.ListField(child=serializers.CharField())


class ProjectSummarySerializer(serializers.Serializer[dict[str, object]]):
    """A project without secrets."""

    ok = serializers.BooleanField()
    tenant_id = serializers.CharField()
    project_id = serializers.CharField()
    project_name = serializers.CharField()
    plan = serializers.CharField(allow_null=True, help_text="`sandbox`, or null for a permanent project.")
    quota_spans = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    scopes = ScopesSerializer()


class SignupSerializer(ProjectSummarySerializer):
    """A project with its keys, which are shown this once. Null where no key was made."""

    producer_key = serializers.CharField(allow_null=True)
    agent_key = serializers.CharField(allow_null=True)
    feedback_key = serializers.CharField(allow_null=True)
    recovery_code = serializers.CharField(
        allow_null=True, help_text="Keep it: it recovers lost keys. Null if the instance cannot recover."
    )
    ingest_url = serializers.URLField()
    diagnose_url = serializers.URLField()
    dashboard_url = serializers.URLField()
    quickstart_url = serializers.URLField()


class ProvisionSerializer(SignupSerializer):
    """The signup shape, and what provisioning did."""

    resumed = serializers.BooleanField()
    graduated = serializers.BooleanField()


class ErrorDetailSerializer(SentencesSerializer):
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="What happened.")
    hint = serializers.CharField(help_text="The next step.")
    docs_url = serializers.CharField()


class ErrorSerializer(serializers.Serializer[dict[str, object]]):
    """Every error outside OTLP."""

    ok = serializers.BooleanField()
    error = ErrorDetailSerializer()
