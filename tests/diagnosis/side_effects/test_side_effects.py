"""Which failures elsewhere are linked to a fix: those that came with it, and never those that were there before."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from diagnosis.models import Loop, Severity
from diagnosis.verification.verify import verify
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.windows import rfc3339
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, T0, after, make_packet
from tests.diagnosis.side_effects.checkouts import Cart, Failing, carts, check_out
from tests.telemetry.factory import span, store

OLD, NEW = "1.0.0", "1.1.0"


def price_fails(cart: Cart, chance: random.Random) -> dict[str, str]:
    """What the loop is about: a price of carts with both."""
    return {"price_cart": "division by zero"} if cart.is_odd else {}


def invoice_fails(cart: Cart, chance: random.Random) -> dict[str, str]:
    """The same carts fail a step later."""
    return {"write_invoice": "total must be above 0"} if cart.is_odd else {}


def nothing(cart: Cart, chance: random.Random) -> dict[str, str]:
    """No step fails."""
    return {}


def mail_fails(share: float) -> Failing:
    """A step of any cart fails at this rate."""
    return lambda cart, chance: {"send_mail": "mailbox full"} if chance.random() < share else {}


def both(*causes: Failing) -> Failing:
    """What any of these fails."""
    return lambda cart, chance: {step: text for cause in causes for step, text in cause(cart, chance).items()}


@pytest.fixture
def ship(alice: MintedProject):
    """`ship(before, since, ...)`: a loop about the price, whose fix is release NEW, after these checkouts."""

    def shipped(before: Failing, since: Failing, number: int = 200, odd: int = 9, release: str = NEW) -> Loop:
        check_out(alice.project, T0, carts(1, 90, 5), both(price_fails, before), OLD)
        check_out(alice.project, SHIPPED, carts(2, number, odd), since, NEW)
        with bind(alice.project):
            failure = Record.objects.filter(operation="price_cart", fingerprint__isnull=False)[0]
        window = {"start": rfc3339(T0 - timedelta(minutes=5)), "end": rfc3339(T0 + timedelta(hours=1))}
        return Loop.objects.create(
            project=alice.project,
            cluster_id=cluster_id(failure.fingerprint),
            state=Loop.State.SHIPPED,
            title="price_cart: division by zero",
            severity=Severity.HIGH,
            signal_type="error",
            service="shop",
            operation="price_cart",
            failures=5,
            issue={},
            packet=make_packet(alice, window),
            release=release,
            shipped_at=SHIPPED,
            created_at=T0,
            updated_at=T0,
        )

    return shipped


def test_the_same_carts_that_fail_a_step_later_stand_beside_the_verdict(ship):
    loop = ship(nothing, invoice_fails, number=600)

    found = verify(loop, after(1))

    assert found.verdict == "held"
    [effect] = found.document["side_effects"]
    assert (effect["operation"], effect["linked_by"]) == ("write_invoice", ["same requests"])
    assert {"cart.coupon", "cart.gift_cards"} & set(effect["shared"])
    assert effect["counted"] == "requests"
    assert (effect["failures_before"], effect["exposure_before"]) == (0, 90)
    assert (effect["failures_after"], effect["exposure_after"]) == (9, 600)
    assert found.document["reason"].startswith(
        "Requests of the kind that this failure hit fail in another way since the fix: "
        "9 of 600 requests, 0 of 90 before. "
    )
    assert loop.verifications.get().document["side_effects"] == [effect]


@pytest.mark.parametrize("release", [NEW, ""])
def test_a_failure_that_rose_beyond_chance_is_linked_whoever_it_hits(ship, release):
    loop = ship(mail_fails(0.01), mail_fails(0.3), release=release)

    document = verify(loop, after(1)).document

    [effect] = document["side_effects"]
    assert effect["operation"] == "send_mail"
    assert effect["failures_after"] / effect["exposure_after"] > 0.2


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("number", [100, 400])
def test_a_failure_at_the_rate_of_before_is_not_linked(ship, share, number):
    loop = ship(mail_fails(share), mail_fails(share), number=number)

    document = verify(loop, after(1)).document

    assert document["side_effects"] == []
    assert document["clusters_compared"] == 1 or share < 0.1
    assert not document["reason"].startswith("Requests of the kind")


def test_a_new_failure_of_other_carts_is_not_linked_while_it_can_be_chance(ship):
    loop = ship(nothing, lambda cart, chance: {"send_mail": "new"} if cart.number % 40 == 3 else {}, odd=0)

    document = verify(loop, after(1)).document

    assert (document["side_effects"], document["clusters_compared"]) == ([], 1)


def test_two_stray_failures_are_not_compared(ship):
    loop = ship(nothing, lambda cart, chance: {"send_mail": "new"} if cart.number in (5, 6) else {})

    assert verify(loop, after(1)).document["clusters_compared"] == 0


def test_failures_of_one_session_are_no_side_effect(ship, alice):
    loop = ship(nothing, nothing)
    retries = [Cart(n, "SPRING5", 1, "user-1") for n in range(12)]
    check_out(alice.project, after(0.5), retries, invoice_fails, NEW, session="one")

    assert verify(loop, after(1)).document["side_effects"] == []


def test_a_cluster_that_begins_with_the_release_is_linked_in_other_requests(ship, alice):
    loop = ship(nothing, nothing)
    check_out(alice.project, T0, carts(3, 300, 0), nothing, OLD, "GET /orders")
    check_out(alice.project, SHIPPED, carts(4, 300, 0), mail_fails(0.2), NEW, "GET /orders")

    [effect] = verify(loop, after(1)).document["side_effects"]

    assert (effect["linked_by"], effect["counted"]) == (["begins with the release"], "records")
    assert effect["failures_before"] == 0


def test_a_cluster_of_other_requests_is_not_of_the_release_if_it_came_before(ship, alice):
    loop = ship(nothing, nothing)
    check_out(alice.project, T0, carts(3, 300, 0), mail_fails(0.01), OLD, "GET /orders")
    check_out(alice.project, SHIPPED, carts(4, 300, 0), mail_fails(0.2), NEW, "GET /orders")

    assert verify(loop, after(1)).document["side_effects"] == []


def test_other_requests_of_the_users_that_were_hit_are_linked(ship, alice):
    loop = ship(nothing, nothing, release="")
    hit = {cart.user for cart in carts(1, 90, 5) if cart.is_odd}
    others = carts(5, 400, 0)
    check_out(alice.project, T0, carts(3, 400, 0), nothing, OLD, "GET /orders")
    fails_hit_users: Failing = lambda cart, chance: {"send_mail": "no order"} if cart.user in hit else {}  # noqa: E731
    check_out(alice.project, SHIPPED, others, fails_hit_users, NEW, "GET /orders")

    [effect] = verify(loop, after(1)).document["side_effects"]

    assert (effect["linked_by"], effect["counted"]) == (["same people"], "requests of the same people")
    assert effect["failures_after"] == sum(cart.user in hit for cart in others)


def test_what_an_older_release_does_since_the_fix_is_not_linked(ship, alice):
    loop = ship(nothing, nothing)
    check_out(alice.project, after(0.2), carts(7, 200, 20), invoice_fails, OLD)

    assert verify(loop, after(1)).document["side_effects"] == []


def reserve(project: Project, since: datetime, number: int, release: str) -> None:
    """The reservations of so many checkouts, in a service of their own, of which every tenth fails."""
    spans = [
        span("reserve", trace=(trace := f"{since}{release}{n}"), parent=f"{trace}/root",
             at=since + timedelta(seconds=n), error="" if n % 10 else "deadlock")
        for n in range(number)
    ]  # fmt: skip
    store(project, spans, since, {"service.name": "reservations", "service.version": "9"})


@pytest.mark.parametrize("elsewhere", [OLD, "1.2.0-canary"])
def test_requests_of_a_release_without_the_fix_are_counted_neither_above_nor_below(ship, alice, elsewhere):
    loop = ship(nothing, nothing, number=23, odd=1)
    reserve(alice.project, T0, 90, OLD)
    reserve(alice.project, SHIPPED, 23, NEW)
    other = after(0.2)
    check_out(alice.project, other, carts(7, 267, 0), nothing, elsewhere)
    reserve(alice.project, other, 267, elsewhere)

    assert verify(loop, after(1)).document["side_effects"] == []


def test_once_a_fix_held_a_failure_that_comes_later_is_linked_and_stored_once(ship, alice):
    loop = ship(nothing, nothing)
    assert verify(loop, after(1)).verdict == "held"
    check_out(alice.project, after(2), carts(8, 300, 12), invoice_fails, NEW)

    found = verify(loop, after(3))
    verify(loop, after(3.1))

    assert found.verdict == "held"
    assert [effect["failures_before"] for effect in found.document["side_effects"]] == [0]
    assert loop.verifications.count() == 2
    assert loop.events.last().detail["side_effects"] == [found.document["side_effects"][0]["cluster_id"]]


LATE = timedelta(minutes=4)  # what is reported later than the release runs


def test_what_fails_in_the_release_of_the_fix_came_after_it_also_where_that_is_reported_late(ship):
    loop = ship(nothing, invoice_fails, number=300, odd=30)
    Loop.objects.update(shipped_at=SHIPPED + LATE)
    loop.refresh_from_db()

    [effect] = verify(loop, after(1)).document["side_effects"]

    assert effect["linked_by"] == ["same requests"]
    assert (effect["failures_before"], effect["exposure_before"]) == (0, 90)
    assert (effect["failures_after"], effect["exposure_after"]) == (30, 300)


def test_what_failed_in_the_release_before_is_not_linked_to_one_that_is_reported_late(ship):
    loop = ship(mail_fails(0.1), mail_fails(0.1), number=300, odd=30)
    Loop.objects.update(shipped_at=SHIPPED + LATE)
    loop.refresh_from_db()

    assert verify(loop, after(1)).document["side_effects"] == []
