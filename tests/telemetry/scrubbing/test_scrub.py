"""Secrets are kept out of the store wherever a request holds them, and nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.otlp.values import plain_attributes
from telemetry.scrubbing import names
from telemetry.scrubbing.texts import MARK
from tests.telemetry.factory import key_values
from tests.telemetry.scrubbing.sent import HIDDEN, RANDOM, scrubbed, sent, span_of, values_of

NAMES = [
    "ai.request.headers.authorization", "ai.request.headers.x-tenant-signature", "http.request.header.authorization",
    "http.request.header.cookie", "http.response.header.set-cookie", "http.request.header.x-api-key",
    "http.request.header.proxy-authorization", "langsmith.metadata.LANGSMITH_API_KEY",
    "langsmith.metadata.LANGCHAIN_WORKSPACE", "process.environment_variable.OPENAI_API_KEY", "db.password", "token",
    "clientSecret", "aws.secret_access_key", "openai-api-key", "rpc.grpc.metadata.authorization", "user.jwt",
    "accesstoken", "X-Auth-Token", "gcp.credentials",
]  # fmt: skip
QUIET_NAMES = [
    "gen_ai.usage.input_tokens", "gen_ai.request.max_tokens", "llm.token_count.prompt", "token_type_id", "session.id",
    "next_page_token", "eos_token", "http.request.header.user-agent", "ai.request.headers.content-type",
    "langsmith.metadata.LANGSMITH_PROJECT", "author", "authorization_mode", "secret_name", "password_length",
    "db.collection.key", "messaging.kafka.message.key", "keyword", "user.id",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_name_hides_its_value_whatever_its_type(name: str) -> None:
    message = sent({name: HIDDEN, "outer": {name: [HIDDEN, HIDDEN]}, "kept": "as it was"})

    counted = scrubbed(message)

    assert counted == {"redacted_value": 3}
    assert values_of(message) == {name: MARK, "outer": {name: [MARK, MARK]}, "kept": "as it was"}


@pytest.mark.parametrize("name", QUIET_NAMES)
def test_a_name_that_only_sounds_secret_keeps_its_value(name: str) -> None:
    message = sent({name: HIDDEN, "outer": {name: 17}})

    assert scrubbed(message) == {}


@pytest.mark.parametrize("value", [True, "", None])
def test_what_is_empty_or_a_yes_is_no_secret(value: Any) -> None:
    message = sent(attributes=None)
    pair = span_of(message).attributes.add(key="password")
    if value is not None:
        setattr(pair.value, "bool_value" if value is True else "string_value", value)

    assert scrubbed(message) == {}


def spellings(ending: str) -> Iterator[str]:
    """The ways to write some words as one name."""
    parts = f"main {ending}".split()
    titles = [part.title() for part in parts]
    yield from ("_".join(parts), "-".join(parts), "_".join(parts).upper(), "-".join(titles), ".".join(parts))
    yield from ("".join(titles), parts[0] + "".join(titles[1:]))


@pytest.mark.parametrize("ending", sorted(names.ENDINGS))
def test_every_secret_name_is_found_in_every_spelling_and_place(ending: str) -> None:
    for name in spellings(ending):
        for note in ({name: HIDDEN}, {"n": json.dumps({name: HIDDEN})}, {"n": f"?{name}={HIDDEN}"}):
            message = sent(note)

            assert scrubbed(message) == {"redacted_value": 1}, note
            assert HIDDEN.encode() not in message.SerializeToString()


@pytest.mark.parametrize("name", names.RUN_TOGETHER)
def test_every_name_that_is_run_together_is_found(name: str) -> None:
    for note in ({name: HIDDEN}, {"n": f'{{"{name}": "{HIDDEN}"}}'}, {"argv": [f"--{name}", HIDDEN]}):
        assert scrubbed(sent(note)) == {"redacted_value": 1}, note


def test_all_headers_that_a_client_records_are_hidden_but_for_the_harmless_ones() -> None:
    headers = {"x-signature": HIDDEN, "content-type": "text/plain", "user-agent": "shop/1"}
    kept = {**headers, "x-signature": MARK}
    message = sent(
        {"gen_ai.headers": headers, "llm.headers": json.dumps(headers), "extra_headers": str(headers)}
    )

    counted = scrubbed(message)

    assert counted == {"redacted_value": 3}
    assert values_of(message) == {
        "gen_ai.headers": kept,
        "llm.headers": json.dumps(kept),
        "extra_headers": str(kept),
    }


def test_a_command_line_loses_the_value_behind_an_option() -> None:
    arguments = ["shop", "--port", "80", "--password", HIDDEN, f"--api-key={HIDDEN}", "--verbose"]
    message = sent(resource={"service.name": "shop", "process.command_args": arguments})

    counted = scrubbed(message)

    kept = ["shop", "--port", "80", "--password", MARK, f"--api-key={MARK}", "--verbose"]
    assert counted == {"redacted_value": 2}
    assert plain_attributes(message.resource_spans[0].resource.attributes)["process.command_args"] == kept


def test_secrets_are_found_wherever_a_span_has_text() -> None:
    secret = f"sk-{RANDOM}"
    event = {"name": secret, "timeUnixNano": "1", "attributes": key_values({"exception.message": secret})}
    link = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": key_values({"token": HIDDEN})}
    message = sent(name=f"GET {secret}", status={"code": 2, "message": secret}, events=[event], links=[link])
    scope = message.resource_spans[0].scope_spans[0].scope
    scope.attributes.add(key="api_key").value.string_value = HIDDEN
    span_of(message).attributes.add(key="raw").value.bytes_value = b"\xff" + secret.encode() + b"\xfe"

    counted = scrubbed(message)

    wire = message.SerializeToString()
    assert counted == {"redacted_value": 7}
    assert secret.encode() not in wire
    assert HIDDEN.encode() not in wire
    assert b"\xff[redacted]\xfe" in wire


def test_a_secret_on_the_border_of_two_pieces_is_seen() -> None:
    for shift in range(12):
        message = sent({"pad": "x" * (64 * 1024 - 190 + shift * 16), "note": f"sk-{RANDOM}"})

        assert scrubbed(message) == {"redacted_value": 1}


@pytest.fixture
def added_names(settings: Any) -> Iterator[None]:
    """Names of the operator's own."""
    settings.LOOPKIT_SCRUB_KEYS = ["tax-number", "PIN"]
    forget()
    yield
    forget()


def forget() -> None:
    """Names are judged once a process."""
    names.disposition_of.cache_clear()
    names.is_secret.cache_clear()


@pytest.mark.usefixtures("added_names")
def test_an_operator_can_add_names() -> None:
    note = {
        "customer.taxNumber": "12 345",
        "pin": "2580",
        "args": '{"TAX_NUMBER": "12 345"}',
        "pinned": "yes",
    }
    message = sent(note)

    counted = scrubbed(message)

    assert counted == {"redacted_value": 3}
    assert values_of(message) == {
        "customer.taxNumber": MARK, "pin": MARK, "args": f'{{"TAX_NUMBER": "{MARK}"}}', "pinned": "yes",
    }  # fmt: skip
