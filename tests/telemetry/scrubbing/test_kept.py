"""What stands behind the name of a secret and is none stays byte for byte: messages, code, keys of other kinds."""

from __future__ import annotations

import json

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import scrubbed, sent

MESSAGES = [
    "This field is required.",
    "must be at least 8 characters",
    "is too short (minimum is 8 characters)",
    "can't be blank",
    "Passwords do not match, or are too common.",
    "role admin needed",
    "The token you sent has expired",
    "should contain upper and lower case",
]
KEPT = [
    '<a accesskey="n" rel="next">',
    "<button accesskey='s'>Save</button>",
    "self.secret = vault",
    "this.credentials = provider\nreturn this",
    "signing_key = load_pem_key",
    "module.exports.getCookies = getCookies",
    "sig=11 pid=7",
    "sig=SIGTERM",
    "license_key=MIT",
    "session_key=order",
    "hash_key=abc sort_key=x",
    "password=[FILTERED]",
    '{"password": "[FILTERED]"}',
    "WHERE token = :token AND password = @secret",
    "secrets:\n  - db-credentials\n",
    "token:\n  type: string\n",
    "[token, user], [password, name]",
    "map[string]string of secrets",
    "<tr><td>Password</td><td>Required</td></tr>",
    "password\tname\tuser",
    "the token is not in the list",
]
PASSPHRASES = ["correct horse battery staple", "my dog has three legs", "Tr0ub4dor and 3 more"]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_about_a_value_stays(message: str) -> None:
    for text in (
        json.dumps({"password": [message]}),
        json.dumps({"errors": {"password": message}}),
        f"errors: {{api_key: [{json.dumps(message)}]}}",
    ):
        assert redacted(text) == (text, 0)
    assert scrubbed(sent({"password": message})) == {}


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_a_passphrase_of_several_words_is_redacted(passphrase: str) -> None:
    assert passphrase not in redacted(json.dumps({"password": passphrase}))[0]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == (text, 0)
