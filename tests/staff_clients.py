"""Staff for tests of the admin: signed-in clients, and what a browser would run of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client

from tenants.models import Project, Tenant


def operator(name: str = "boss") -> Client:
    """A superuser, signed in."""
    return signed_in(User.objects.create_superuser(name))


def member(name: str, *tenants: Tenant, permissions: list[str] | None = None) -> Client:
    """Staff of these tenants, signed in, with every permission but to operate, or those named (by codename)."""
    user = User.objects.create_user(name, is_staff=True)
    given = Permission.objects.exclude(codename="operate")
    user.user_permissions.set(given if permissions is None else given.filter(codename__in=permissions))
    user.tenants.set(tenants)
    return signed_in(user)


def signed_in(user: User) -> Client:
    """A browser with that person's session."""
    client = Client()
    client.force_login(user)
    return client


def home(project: Project, name: str) -> Project:
    """The project, moved into a tenant of its own."""
    project.tenant = Tenant.objects.create(tenant_id=name, name=f"{name} inc")
    project.save(update_fields=["tenant"])
    return project


class Reader(HTMLParser):
    """Collects tags, links and whatever the Content-Security-Policy forbids."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.inputs: dict[str, str] = {}
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        """One element."""
        given = dict(attrs)
        self.tags.append(tag)
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        if tag == "input" and given.get("name"):
            self.inputs[given["name"]] = given.get("value") or ""
        if tag == "style" or (tag == "script" and "src" not in given):
            self.forbidden.append(tag)
        self.forbidden += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
