"""What varies in messages since version 3, and what tells causes apart. The lines are made up."""

from __future__ import annotations

from itertools import combinations

import pytest

from telemetry.grouping import first_message_forms, message_forms, telling_words
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.message_template import template_of
from telemetry.grouping.versions import NEWEST, SECOND, GroupingRules
from telemetry.spans.meaning import Failure

# Each line is messages of one cause.
ONE_CAUSE = [
    # hosts with ports, and of two labels
    ("proxy.acme.example:5070 closed", "acme.com:443 closed", "get.acme.com:80 closed"),
    (
        "reverse mapping for ns.acme.com [10.2.3.4] failed",
        "reverse mapping for acme.org [10.0.0.1] failed",
    ),
    # a measure that is said twice
    ("sent 403 bytes in 00:02", "sent 1190 bytes (1.16 KB) in 01:02:33"),
    # users behind the words that introduce them
    ("Too many authentication failures for admin [preauth]", "Too many authentication failures for bob [preauth]"),
    ("Failed password for root from 10.0.0.7 port 36060", "Failed password for ftp-user from 10.1.1.1 port 60"),
    ("Invalid User ann from 10.1.1.1", "Invalid User bob from 10.1.1.2"),
    ("login refused, User: ann", "login refused, User: bob"),
    ("account: DOMAIN\\ann is locked", "account: DOMAIN\\bob is locked"),
    # truth values
    ("isReady is true after 3 s", "isReady is False after 10 s"),
    ("allDrawn= false, moved =  false", "allDrawn= true, moved =  true"),
    # paths without a root, and the rest of one behind what varies
    ("cannot read src/app/prices.csv", "cannot read lib/stock.csv", "cannot read data/2026/a/b"),
    ("no parts in orders/123/items", "no parts in orders/9/items"),
    ("used 3.1 GiB (3,328 MB) of memory", "used 12 MiB (12.6 MB) of memory"),
    # names among pairs of keys and values, also empty ones, and facts behind commas
    ("lock flags=0x1 tag=\"Mix\" name=android uid=1041", "lock flags=0x2 tag=\"RIL\" name=com.acme.phone uid=1001"),
    ("peer id=3 addr=10.0.0.7:51 name= age=12 closed", "peer id=9 addr=10.0.0.9:4 name=worker age=1 closed"),
    ("no answer, unmounted=[data], unattached=[logs tmp]: gone", "no answer, unmounted=[a], unattached=[b]: gone"),
    ("read key=(null) of the shelf", "read key=\"a\" of the shelf"),
    ("quota is gone (user: 12; proxy: null)", "quota is gone (user: 9; proxy: proxy.acme.com)"),
    ("no upstream, client: 10.0.0.7, server: _, host: \"a\"",
     "no upstream, client: 1.1.1.1, server: localhost, host: \"b\", referrer: \"https://acme.com/\""),
    # accounts on hosts, resources of AWS, addresses in brackets
    ("state is locked by ann@laptop now", "state is locked by root@ci-7 now"),
    ("no access to arn:aws:s3:::shop-data/a.txt today", "no access to arn:aws:iam::12:role/web today"),
    ("handshake with [::]:443 failed", "handshake with 10.0.0.1:443 failed"),
    ("Accepted publickey for ann from 10.0.0.7", "Accepted publickey for root from 10.0.0.9"),
    ("refused, Account Name: ann Account Domain: ACME", "refused, Account Name: WEB$ Account Domain: CORP"),
    ("killed process 4321 (java) for memory", "killed process 9 (nginx) for memory"),
    ("worker 12 left on signal 11 (core dumped)", "worker 9 left on signal 11"),
    # quotes of other languages
    ("»Bestellung A« fehlt", "»Auftrag B« fehlt"),
    ("«Bestellung A» fehlt im Lager", "«Auftrag B» fehlt im Lager"),
    ("„Bestellung A“ ist storniert", "„Auftrag B“ ist storniert"),
    ("商品「赤い靴」がありません", "商品「青い帽子」がありません"),
    # scripts without spaces between words
    ("用户8812的订单99未找到", "用户1的订单7未找到"),
    ("注文99が見つかりません", "注文1が見つかりません"),
    ("ไม่พบคำสั่งซื้อ99ในระบบ", "ไม่พบคำสั่งซื้อ1ในระบบ"),
    ("订单号：99，状态错误", "订单号：7，状态错误"),
    ("រកមិនឃើញការបញ្ជាទិញ99ទេ", "រកមិនឃើញការបញ្ជាទិញ7ទេ"),
    # what a model or a person wrote
    (
        "Adapter JSON failed to parse the LM response. LM Response: Size M fits. Expected fields: size",
        "Adapter JSON failed to parse the LM response. LM Response: I am not sure",
    ),
    ("Could not parse LLM output: I should look this up", "Could not parse LLM output: The answer is small"),
    ("nothing matches the user's question: where is my parcel", "nothing matches the user's question: refund"),
]  # fmt: skip
OTHER_CAUSES = [
    ("action android.intent.action.SCREEN_ON", "action android.intent.action.SCREEN_OFF"),
    ("用户8812的库存不足", "用户8812的订单未找到"),
    ("注文99はキャンセル済みです", "注文99が見つかりません"),
    ("Unsupported media type application/json", "Unsupported media type text/plain"),
    ("connect to db.internal:5432 refused", "connect to cache.internal:5432 refused"),
    ("module shop.orders has no total", "module shop.carts has no total"),
    ("waits for the lock", "waits for the queue"),
    ("model response: 429 Too Many Requests", "model response: 500 Server Error"),
    ("session for the cart is closed", "session for a user is closed"),
    ("and/or is missing", "read/write is missing"),
    # a state, an error, an action, or a text of its own in pairs
    ("run id=1 state=failed", "run id=2 state=stopped"),
    ("run id=1 err=refused", "run id=1 err=closed"),
    ('level=error msg="no shelf 7" id=1', 'level=error msg="no order 7" id=1'),
    ('"Failed to sync" err="no shelf" pod="a/b"', '"Failed to start" err="no shelf" pod="a/b"'),
    ('rpc error: code = Unknown desc = "no shelf"', 'rpc error: code = Unknown desc = "no order"'),
    ("lock id=1 uid=0 user=root", "lock id=1 uid=0 user=guest"),
    # codes
    ("lost the master, Error code: 2003", "lost the master, Error code: 1045"),
    ("closed with code 1006", "closed with code 1011"),
    ("Error Domain=NSURLErrorDomain Code=-1009", "Error Domain=NSURLErrorDomain Code=-1001"),
]
STACK = 'Traceback (most recent call last):\n  File "/srv/shop/repo.py", line 7, in find\n    raise\n'


def newest(message: str) -> str:
    return template_of(message, message_forms.FORMS)


@pytest.mark.parametrize("messages", ONE_CAUSE, ids=lambda messages: messages[0])
def test_messages_of_one_cause_have_one_template(messages: tuple[str, ...]) -> None:
    assert len({newest(message) for message in messages}) == 1


def test_codes_that_people_type_are_values() -> None:
    assert newest("no parcels for zip code 8001") == newest("no parcels for zip code 9470")


def test_the_first_forms_do_not_know_these() -> None:
    first = [{template_of(message, first_message_forms.FORMS) for message in cause} for cause in ONE_CAUSE]

    split = sum(len(templates) > 1 for templates in first)
    assert split + sum(templates == {"*"} for templates in first) >= len(ONE_CAUSE) - 3


@pytest.mark.parametrize(("one", "other"), OTHER_CAUSES)
def test_messages_of_other_causes_have_others(one: str, other: str) -> None:
    assert newest(one) != newest(other)


def test_no_two_causes_have_one_template() -> None:
    templates = [newest(messages[0]) for messages in ONE_CAUSE]

    assert [pair for pair in combinations(templates, 2) if pair[0] == pair[1]] == []
    assert "*" not in templates


def number(message: str, operation: str = "tool find", stack: str = "", rules: GroupingRules = NEWEST) -> int:
    return fingerprint("shop", operation, Failure("error", "high", "Lost", message, stack), rules)


def test_a_message_that_is_one_value_does_not_tell_places_apart() -> None:
    assert number("blue-shirt", stack=STACK) == number("green-hat", stack=STACK)
    assert number("blue-shirt", stack=STACK, rules=SECOND) != number("green-hat", stack=STACK, rules=SECOND)
    assert number("card_declined", stack=STACK) != number("card_expired", stack=STACK)
    assert number("ECONNRESET", stack=STACK) != number("ETIMEDOUT", stack=STACK)
    assert number("blue-shirt") != number("green-hat")


@pytest.mark.parametrize(
    "sentence",
    [
        "An error occurred while running the tool. Please try again.",
        "Error executing the function, details are redacted.",
        "The request has failed unexpected information withheld",
        "Something went wrong on the server",
    ],
)
def test_a_sentence_that_fits_any_failure_is_told_by_its_operation(sentence: str) -> None:
    assert number(sentence, "tool find") != number(sentence, "tool refund")
    assert number(f"{sentence} Stock is locked.", "tool find") == number(
        f"{sentence} Stock is locked.", "tool refund"
    )


def test_words_of_scripts_without_spaces_are_counted_too() -> None:
    counts = {
        text: telling_words.word_count(text) for text in ("订单未找到", "no order here", "注文 lost", "* *")
    }

    assert counts == {"订单未找到": 2, "no order here": 3, "注文 lost": 2, "* *": 0}
    assert number("订单未找到", "tool find") == number("订单未找到", "tool refund")
