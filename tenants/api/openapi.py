"""The names of the key schemes in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


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
    """Feed readers send the same key in one of two ways."""

    target_class = "diagnosis.notices.feed_keys.FeedAuthentication"
    name = ["feedKey", "feedKeyAsPassword"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """Bearer, and the password of Basic."""
        said = str(self.target.__doc__)
        return [{"type": "http", "scheme": scheme, "description": said} for scheme in ("bearer", "basic")]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """One of them is enough."""
        return [{name: []} for name in self.name]
