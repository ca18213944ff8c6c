"""What a key may do: each view names the one scope it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from loopkit.http.errors import ApiError
from tenants.keys.authentication import Principal
from tenants.keys.credentials import SCOPES
from tenants.models import Key

if TYPE_CHECKING:
    from rest_framework.views import APIView  # at run time it is what loads this module


class HasScope(BasePermission):
    """True for public views (`required_scope = ""`) and for keys with the view's `required_scope`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """False without a key (401); 403 that names the right kind of key when the scope is missing."""
        scope: str = view.required_scope  # type: ignore[attr-defined]  # a view that forgets it fails its first request
        if not scope:
            return True
        principal = request.user
        if not isinstance(principal, Principal):
            return False
        if not principal.has_scope(scope):
            kind = next(kind for kind in Key.Kind if scope in SCOPES[kind])
            raise ApiError(
                403,
                "scope_missing",
                f"The {principal.key.kind} key has no {scope} scope.",
                f"Use the project's {kind.value} key.",
            )
        return True
