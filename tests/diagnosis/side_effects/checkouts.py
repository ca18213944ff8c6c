"""A shop whose checkouts price a cart and write an invoice, as spans of one trace each, with what fails in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tenants.models import Project
from tests.telemetry.factory import span, store

STEPS = ("price_cart", "write_invoice", "send_mail")


@dataclass(frozen=True)
class Cart:
    """What a checkout is about."""

    number: int
    coupon: str
    gift_cards: int
    user: str

    @property
    def is_odd(self) -> bool:
        """Whether it has the coupon and a gift card."""
        return self.coupon == "SPRING5" and self.gift_cards == 1


Failing = Callable[[Cart, random.Random], dict[str, str]]  # the message of each failing step, by its name


def carts(seed: int, number: int, odd: int) -> list[Cart]:
    """So many carts, of which so many have the coupon and the gift card; the others have at most one of them."""
    chance = random.Random(seed)
    made = []
    for n in range(number):
        is_odd = n * odd // number != (n + 1) * odd // number
        coupon, gifts = (
            ("SPRING5", 1) if is_odd else chance.choice([("SPRING5", 0), ("", 1), ("", 0), ("", 0)])
        )
        made.append(Cart(n, coupon, gifts, f"user-{chance.randrange(40)}"))
    return made


def check_out(project: Project, since: datetime, *checkouts: Any, **named: Any) -> None:
    """Store these checkouts, each with all its spans: `checkout_spans`."""
    spans = checkout_spans(since, *checkouts, **named)
    release = named.get("release") or checkouts[2]
    store(project, spans, since, {"service.name": "shop", "service.version": release})


def checkout_spans(
    since: datetime,
    of_carts: list[Cart],
    failing: Failing,
    release: str,
    route: str = "",
    session: str = "",
) -> list[dict[str, Any]]:
    """One checkout of each cart, one a second; a step that fails fails the request, and later steps do not run."""
    chance, spans = random.Random(len(of_carts)), list[dict[str, Any]]()
    for cart in of_carts:
        at, trace = since + timedelta(seconds=cart.number), f"{since}{release}{route}{cart.number}"
        failures, root = failing(cart, chance), f"{trace}/root"
        attributes = {"cart.coupon": cart.coupon, "cart.gift_cards": cart.gift_cards, "cart.lines": 3}
        error = ""
        for step in STEPS:
            error = failures.get(step, "")
            spans.append(span(step, trace=trace, parent=root, at=at, error=error, attributes=attributes))
            if error:
                break
        person = {"user.id": cart.user, "session.id": session or trace}
        spans.append(
            span(route or "POST /checkout", trace=trace, id=root, at=at, error=error, attributes=person)
        )
    return spans
