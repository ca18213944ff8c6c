"""A person who types /admin gets to the admin."""

from __future__ import annotations

from django.test import Client


def test_admin_without_its_slash_leads_to_the_admin(client: Client) -> None:
    answer = client.get("/admin")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
