"""The permission check for keys: each view names the one scope that it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from loopkit.http.errors import ApiError
from tenants.keys.authentication import Principal
from tenants.keys.credentials import SCOPES
from tenants.models import Key

if TYPE_CHECKING:
    # Importing this at run time would be circular: REST framework's views load this module.
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Allows public views (`required_scope = ""`), and keys that have the view's `required_scope`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """
        Return False without a key (answered with 401).

        Raises a 403 ApiError that names the right kind of key if the key lacks the scope.
        """
        # A view without `required_scope` fails at its first request.
        scope: str = view.required_scope  # type: ignore[attr-defined]
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
