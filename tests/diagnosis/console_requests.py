"""What a person does in the approval console, as requests: look, decide, decide on many."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.test import Client

from diagnosis.models import Loop
from tests.staff_clients import Reader

QUEUE = "/admin/diagnosis/loop/"


def page_of(loop: Loop) -> str:
    """The path of the loop's page."""
    return f"{QUEUE}{quote(loop.pk)}/change/"


def decide(client: Client, loop: Loop, verb: str, reason: str = "seen it", **seen: Any) -> Any:
    """Send the form as the loop's page offers it; `seen` is what an earlier look found."""
    fields = seen or Reader(client.get(page_of(loop))).inputs
    known = {name: fields[name] for name in ("revision", "packet", "content") if name in fields}
    return client.post(page_of(loop), known | {"verb": verb, "reason": reason})


def text(response: Any) -> str:
    """The page."""
    return str(response.content.decode())


def bulk(client: Client, action: str, *chosen: Loop) -> Any:
    """Choose loops in the queue; the page that asks why."""
    return client.post(QUEUE, {"action": action, "_selected_action": [loop.pk for loop in chosen]})


def confirm(client: Client, action: str, asked: Any, reason: str) -> Any:
    """Answer the page that asked why; the queue with its messages."""
    pairs = [(loop.pk, str(seen)) for loop, seen in asked.context["loops"]]
    data = {
        "action": action,
        "_selected_action": [pk for pk, _ in pairs],
        "seen": [seen for _, seen in pairs],
    }
    return client.post(QUEUE, data | {"reason": reason}, follow=True)
