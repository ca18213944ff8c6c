"""The views for projects and keys: provision, sign up, upgrade, recover, request a production tenant."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.errors import ApiError
from tenants.api import serializers
from tenants.api.answers import project_summary, signup_answer
from tenants.api.openapi import error_responses
from tenants.api.project_view import ProjectView, PublicView
from tenants.api.strict_fields import sent_body, valid
from tenants.audit import audit_log
from tenants.keys import credentials, provisioning
from tenants.keys.authentication import KeyAuthentication
from tenants.limits import rate_limits
from tenants.limits.attempts import Attempt
from tenants.models import SANDBOX, AccessRequest, Key, Project

# Security requirements in OpenAPI: no key, or one of two keys.
ANYONE: list[Any] = [{}]
OWNER: list[Any] = [{"producerKey": []}, {"agentKey": []}]


class NameTaken(NotAuthenticated):
    """The name belongs to a project, and the request has no key. `hint` is the next step."""

    default_detail = "A project has this name already. Resume requires the project's producer or agent key."
    hint = (
        "Take another project_name, or send `Authorization: Bearer <key>` with a key of that project. Lost its keys? "
        "POST /v1/recover with project_id and recovery_code."
    )


class ProvisionView(PublicView):
    """One re-runnable call that converges to the same project for a given name."""

    @extend_schema(
        operation_id="provision",
        summary="Idempotent onboarding: public mint, authenticated non-rotating resume, auto-graduate",
        request=serializers.ProvisionRequestSerializer,
        responses={
            200: serializers.ProvisionSerializer,
            201: serializers.ProvisionSerializer,
            **error_responses(400, 401, 403, 409, 413, 415, 429),
        },
        auth=ANYONE + OWNER,
    )
    def post(self, request: Request) -> Response:
        """Mint the project, or resume it with one of its own keys."""
        fields = valid(serializers.ProvisionRequestSerializer(data=request.data))
        project = provisioning.claimed(fields["project_name"], fields["operator"], timezone.now())
        return self.resume(request, project) if project else self.mint(request, **fields)

    def mint(self, request: Request, project_name: str, operator: str) -> Response:
        """Create the project and return 201 with its keys. Raises 409 if a racing mint won, 429 above the limit."""
        rate_limits.spend(request, "mint", settings.LOOPKIT_MINT_RATE, "Provision")
        try:
            minted = provisioning.mint_project(
                project_name, operator, timezone.now(), claim=True, by=audit_log.actor_at(request)
            )
        except provisioning.NameClaimed:
            raise ApiError(
                409,
                "name_claimed",
                "Name concurrently claimed by another mint; resume with the owning key.",
                "Call again with Authorization: Bearer and a key of that project, or take another name.",
            ) from None
        graduated = self.graduate(minted.project, audit_log.actor_at(request))
        answer = signup_answer(request, minted) | {"resumed": False, "graduated": graduated}
        return Response(answer, status=201)

    def resume(self, request: Request, project: Project) -> Response:
        """Return 200, without new keys, if the request has the project's producer or agent key; else 401 or 403."""
        outcome = KeyAuthentication().authenticate(request)
        if outcome is None:
            raise NameTaken
        key = outcome[0].key
        if key.project_id != project.project_id or key.kind == key.Kind.FEEDBACK:
            raise ApiError(
                403,
                "wrong_project",
                "The provided key does not authorize this project.",
                "Use a producer or agent key of the project that has this name, or take another name.",
            )
        graduated = self.graduate(project, audit_log.actor_at(request, f"key:{key.pk}"))
        answer = signup_answer(request, provisioning.MintedProject(project))
        if key.kind == Key.Kind.PRODUCER:
            # The recovery code yields agent keys, and every instrumented app contains a producer key.
            answer["recovery_code"] = None
        return Response(answer | {"resumed": True, "graduated": graduated})

    def get_authenticate_header(self, request: Request) -> str:
        """The WWW-Authenticate header for the 401 of resuming, which REST framework omits for public views."""
        return KeyAuthentication().authenticate_header(request)

    @staticmethod
    def graduate(project: Project, by: audit_log.Actor) -> bool:
        """Make the project permanent if this instance does so by itself. Return whether it is permanent now."""
        if project.plan is not None and provisioning.can_graduate_itself():
            provisioning.graduate(project, timezone.now(), by)
        return project.plan is None


class SignupView(PublicView):
    """A fresh sandbox project each call."""

    @extend_schema(
        operation_id="signup",
        summary="Mint a fresh sandbox project",
        request=serializers.SignupRequestSerializer,
        responses={
            201: serializers.SignupSerializer,
            **error_responses(400, 413, 415, 429),
        },
        auth=ANYONE,
    )
    def post(self, request: Request) -> Response:
        """201 with fresh keys."""
        fields = valid(serializers.SignupRequestSerializer(data=request.data))
        rate_limits.spend(request, "signup", settings.LOOPKIT_MINT_RATE, "Signup")
        minted = provisioning.mint_project(
            fields["project_name"], "", timezone.now(), claim=False, by=audit_log.actor_at(request)
        )
        return Response(signup_answer(request, minted), status=201)


class UpgradeView(ProjectView):
    """Sandbox to permanent, with the operator's code."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="signup_upgrade",
        summary="Upgrade a sandbox signup to permanent-but-capped keys",
        request=serializers.UpgradeRequestSerializer,
        responses={
            200: serializers.ProjectSummarySerializer,
            **error_responses(400, 401, 403, 413, 415, 429),
        },
    )
    def post(self, request: Request) -> Response:
        """The project without expiry; its quota stays."""
        fields = valid(serializers.UpgradeRequestSerializer(data=request.data))
        secret = settings.SIGNUP_UPGRADE_SECRET or ""
        raw_keys = [fields[name] for name in ("producer_key", "agent_key") if name in fields]
        own_keys = self.project.keys.filter(
            digest__in=[credentials.key_digest(raw) for raw in raw_keys], revoked_at=None
        )
        code = credentials.upgrade_code(secret, self.project.project_id)
        in_sandbox = self.project.tenant_id == SANDBOX
        if not (
            secret
            and in_sandbox
            and credentials.matches(fields["code"], code)
            and own_keys.count() == len(set(raw_keys))
        ):
            rate, project_id = settings.LOOPKIT_RECOVER_RATE, self.project.project_id
            Attempt(request, "upgrade", project_id, rate, "Upgrade").reserve()
            raise ApiError(
                403,
                "upgrade_refused",
                "Upgrade code verification failed.",
                "Ask the operator for the upgrade code of this project_id; /contact.json says how.",
            )
        by = audit_log.actor_at(request, f"key:{request.auth.pk}")
        provisioning.graduate(self.project, timezone.now(), by)
        return Response(project_summary(self.project))


class RecoverView(PublicView):
    """Lost keys, rotated with the recovery code."""

    @extend_schema(
        operation_id="recover",
        summary="Rotate lost keys with a recovery code",
        request=serializers.RecoverRequestSerializer,
        responses={
            200: serializers.SignupSerializer,
            **error_responses(400, 403, 404, 413, 415, 429, 503),
        },
        auth=ANYONE,
    )
    def post(self, request: Request) -> Response:
        """Fresh keys; the old ones are revoked."""
        fields = valid(serializers.RecoverRequestSerializer(data=request.data))
        return Response(signup_answer(request, recovered(request, **fields)))


def recovered(request: Any, project_id: str, recovery_code: str) -> provisioning.MintedProject:
    """
    Rotate the keys of a sandbox project, for the API and the browser.

    Raises ApiError as published: 503 without a secret, 429 above the limit, 404 for no such project, 403 for a wrong
    code.
    """
    secret = settings.SIGNUP_UPGRADE_SECRET
    if not secret:
        raise ApiError(
            503,
            "recovery_unavailable",
            "Recovery unavailable (SIGNUP_UPGRADE_SECRET absent).",
            "Ask the operator.",
        )
    rate, now = settings.LOOPKIT_RECOVER_RATE, timezone.now()
    rate_limits.spend_guess(request, "recover", rate, "Recovery")
    project = Project.objects.filter(project_id=project_id, tenant_id=SANDBOX).first()
    if project is None or project.is_expired(now):
        hint = "Check project_id in your signup answer. If it expired: POST /v1/provision mints a new one."
        raise ApiError(404, "no_such_project", "No such project, or it has expired.", hint)
    if not credentials.matches(recovery_code, credentials.recovery_code(secret, project_id)):
        Attempt(request, "recover", project_id, rate, "Recovery").reserve_for_account()
        raise ApiError(
            403,
            "recovery_refused",
            "Recovery code verification failed.",
            "Use recovery_code of your signup answer.",
        )
    return provisioning.recover_keys(project, now, audit_log.actor_at(request))


class AccessRequestView(PublicView):
    """The way to a production tenant: an operator reads the request in the admin."""

    @extend_schema(
        operation_id="request_access",
        summary="Ask the operator for a production tenant",
        request=serializers.AccessRequestRequestSerializer,
        responses={
            201: serializers.AccessRequestAnswerSerializer,
            **error_responses(400, 413, 415, 429),
        },
        auth=ANYONE,
    )
    def post(self, request: Request) -> Response:
        """201 once it is kept."""
        fields = sent_body(serializers.AccessRequestRequestSerializer, request)
        rate_limits.spend(request, "access", settings.LOOPKIT_MINT_RATE, "Access request")
        AccessRequest.objects.create(created_at=timezone.now(), **fields)
        return Response(
            {"ok": True, "message": "An operator will read this and answer by e-mail."}, status=201
        )
