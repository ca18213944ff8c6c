"""Projects as JSON, for the responses of the API."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from loopkit.http.links import absolute
from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tenants.models import Key, Project


def project_summary(project: Project) -> dict[str, Any]:
    """The fields of a project without its secrets."""
    return {
        "ok": True,
        "tenant_id": project.tenant_id,
        "project_id": project.project_id,
        "project_name": project.name,
        "plan": project.plan,
        "quota_spans": project.quota_spans,
        "expires_at": project.expires_at,
        "scopes": {kind.value: credentials.SCOPES[kind] for kind in Key.Kind},
    }


def signup_answer(request: Request | HttpRequest, minted: MintedProject) -> dict[str, Any]:
    """The fields of a project with its new keys, recovery code and URLs. Keys that were not just created are null."""
    project, secret = minted.project, settings.SIGNUP_UPGRADE_SECRET
    return project_summary(project) | {
        **{f"{kind.value}_key": minted.keys.get(kind.value) for kind in Key.Kind},
        "recovery_code": credentials.recovery_code(secret, project.project_id) if secret else None,
        "ingest_url": absolute(request, "/v1/traces"),
        "diagnose_url": absolute(request, "/v1/runs/diagnose"),
        "dashboard_url": absolute(request, "/dashboard"),
        "quickstart_url": absolute(request, "/quickstart.md"),
    }
