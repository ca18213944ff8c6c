"""Parts of the OpenAPI document that many paths share: the key schemes, and the error answers."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from tenants.api.serializers import ErrorSerializer

Responses = dict[Any, type[ErrorSerializer]]


def error_responses(*codes: int, media_type: str = "") -> Responses:
    """The responses of a path that refuses with these status codes; `media_type` where it also answers in others."""
    return {(code, media_type) if media_type else code: ErrorSerializer for code in codes}


class BearerScheme(OpenApiAuthenticationExtension):
    """An HTTP bearer scheme, described by the docstring of its authentication class."""

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """The security scheme object."""
        return {"type": "http", "scheme": "bearer", "description": str(self.target.__doc__)}


class ProducerKeyScheme(BearerScheme):
    target_class = "tenants.keys.authentication.ProducerKey"
    name = "producerKey"


class AgentKeyScheme(BearerScheme):
    target_class = "tenants.keys.authentication.AgentKey"
    name = "agentKey"


class FeedbackKeyScheme(BearerScheme):
    target_class = "tenants.keys.authentication.FeedbackKey"
    name = "feedbackKey"


class FeedKeySchemes(OpenApiAuthenticationExtension):
    """The two schemes for a feed key: bearer token, or password of HTTP Basic."""

    target_class = "diagnosis.notices.feed_keys.FeedAuthentication"
    name = ["feedKey", "feedKeyAsPassword"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """The security scheme objects, for bearer and basic."""
        description = str(self.target.__doc__)
        schemes = ("bearer", "basic")
        return [{"type": "http", "scheme": scheme, "description": description} for scheme in schemes]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """The security requirements: either scheme is enough."""
        return [{name: []} for name in self.name]
