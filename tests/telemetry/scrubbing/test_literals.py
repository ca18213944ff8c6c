"""
Values behind names in literals that no single quote closes, hashes of passwords, and assertions of OAuth and SAML.

`§` stands for the secret.
"""

from __future__ import annotations

import json

import pytest

from telemetry.scrubbing.texts import redacted
from tests.telemetry.scrubbing.sent import HIDDEN, RANDOM, scrubbed, sent

FORMS = [
    "local password = [[§]]",
    "password = [==[§]==]",
    '{ host = "h", password = [[§]], user = "a" }',
    '["password"] = [[§]]',
    'PASSWORD = """§"""',
    "api_key = r'''§'''",
    'String password = """\n    §\n    """;',
    'password: """§"""',
    'let password = r#"§"#;',
    'let password: &str = r##"§"##;',
    'let password = #"§"#',
    'let password: &str = "§";',
    'const PASSWORD: &\'static str = "§";',
    "password = %q(§)",
    "password = %Q{§}",
    "my $password = q{§};",
    "my $password = qq(§);",
    "const password = `§`;",
    "password := `§`",
    "SET PASSWORD FOR 'u'@'h' = '§'",
    "SET PASSWORD FOR `u`@`%` = '§';",
    'SET PASSWORD FOR "u" = "§"',
    "SET PASSWORD FOR u@localhost TO '§'",
    'password_hash = "§"',
    '{"passwordHash": "§"}',
    "user.password_digest=§",
    "INSERT INTO users (name, password_hash) VALUES ('a', '§')",
    "pwd-hash: '§'",
    "client_assertion=§&x=1",
    'clientAssertion: "§"',
]
QUIET = [
    "token = [[1, 2], [3, 4]]",
    'tokens = [["a", "b"], ["c"]]',
    "secret = [[0.5]]",
    "if [[ $token = [[:alpha:]]* ]]; then",
    'password = """"""',
    "password = `cat /run/secret`",
    "PASSWORD=`pass show db`",
    "const password = `${prefix}`;",
    "the password for 'bob' is required",
    "SET PASSWORD FOR bob TO RANDOM",
    "reset the password for bob@example.org = done",
    "password_hash: bcrypt",
    '{"password_hash": "argon2id", "password_hash_algorithm": "SHA-256"}',
    "password_hash($password, PASSWORD_DEFAULT)",
    "password_hash = hasher.hash(password)",
    "passwordHash: string;\nname: string;",
    "token_hash=9f86d081884c7d659a2feaa0c55ad015 secret_digest: sha256",
    "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "AssertionError: assertion=failed, assertion = value == 3",
    "?assertion=equals&x=1",
]


@pytest.mark.parametrize("form", FORMS)
def test_any_value_in_such_a_form_is_redacted(form: str) -> None:
    text = form.replace("§", HIDDEN)
    nested = json.dumps({"call": json.dumps({"line": text})})

    for each in (text, nested):
        kept, count = redacted(each)
        assert count == 1
        assert HIDDEN not in kept
        assert redacted(kept) == (kept, 0)


@pytest.mark.parametrize("text", QUIET)
def test_what_is_no_literal_no_hash_and_no_assertion_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


@pytest.mark.parametrize(
    "form",
    [
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=§",
        "assertion=§&x=1",
        "SAMLResponse=§&RelayState=x",
        "password_hash: §",
    ],
)
def test_a_value_that_its_look_confirms_is_redacted(form: str) -> None:
    assert RANDOM not in redacted(form.replace("§", RANDOM))[0]


def test_the_hash_of_a_password_is_redacted_in_an_attribute_and_that_of_a_token_stays() -> None:
    message = sent({"user.password_hash": "5f4dcc3b5aa765d6", "passwordDigest": "5f4d", "token_hash": "5f4d"})

    assert scrubbed(message) == {"redacted_value": 2}
