"""The parts of OTLP/JSON that the OpenAPI document describes."""

from rest_framework import serializers


class TracesRequestSerializer(serializers.Serializer[dict[str, object]]):
    """An ExportTraceServiceRequest."""

    resourceSpans = serializers.ListField(child=serializers.DictField(), help_text="OTLP/JSON ResourceSpans.")


class PartialSuccessSerializer(serializers.Serializer[dict[str, object]]):
    """What was not stored, for good."""

    rejectedSpans = serializers.CharField(help_text="int64 as a string.")
    errorMessage = serializers.CharField()


class TracesResponseSerializer(serializers.Serializer[dict[str, object]]):
    """An ExportTraceServiceResponse; the counts only with ?verbose=1."""

    partialSuccess = PartialSuccessSerializer(required=False)
    accepted = serializers.IntegerField(required=False)
    duplicates = serializers.IntegerField(required=False)
    conflicts = serializers.IntegerField(
        required=False, help_text="Versions of stored spans that differ from them; the first arrival stays."
    )
    rejected = serializers.DictField(child=serializers.IntegerField(), required=False, help_text="By reason.")


class LogsRequestSerializer(serializers.Serializer[dict[str, object]]):
    """An ExportLogsServiceRequest."""

    resourceLogs = serializers.ListField(child=serializers.DictField(), help_text="OTLP/JSON ResourceLogs.")


class RejectedLogsSerializer(serializers.Serializer[dict[str, object]]):
    """The log records that were not stored, for good, though they would be records."""

    rejectedLogRecords = serializers.CharField(help_text="int64 as a string.")
    errorMessage = serializers.CharField()


class LogsResponseSerializer(serializers.Serializer[dict[str, object]]):
    """An ExportLogsServiceResponse."""

    partialSuccess = RejectedLogsSerializer(required=False)


class RpcStatusSerializer(serializers.Serializer[dict[str, object]]):
    """google.rpc.Status, which OTLP asks of every error."""

    code = serializers.IntegerField()
    message = serializers.CharField()
    details = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Of a 400: a google.rpc.BadRequest."
    )
