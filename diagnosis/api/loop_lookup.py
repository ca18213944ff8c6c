"""The loop that a request names, and the answer where its state does not allow the request."""

from __future__ import annotations

from diagnosis.loops import lifecycle, next_action
from diagnosis.models import Loop
from loopkit.http.errors import ApiError
from tenants.models import Project


def own_loop(project: Project, loop_id: str) -> Loop:
    """The project's loop. 404 if it does not exist, or belongs to another project."""
    loop = Loop.objects.filter(project=project, loop_id=loop_id).select_related("project__tenant").first()
    if loop is None:
        raise ApiError(404, "loop_not_found", "No such loop in this project.", "GET /v1/loops lists them.")
    return loop


def wrong_state(error: lifecycle.WrongState) -> ApiError:
    """The 409 with the loop's state and the next action."""
    return ApiError(409, "wrong_state", str(error), next_action.for_loop(error.loop))
