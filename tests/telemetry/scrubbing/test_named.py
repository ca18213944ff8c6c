"""Values that only a name or a sentence makes secrets, in the ways that files, shells and programs write them."""

from __future__ import annotations

import json

import pytest

from telemetry.scrubbing.texts import MARK, redacted
from tests.telemetry.scrubbing.sent import HIDDEN, scrubbed, sent, values_of

SECRET = [
    "Server=db;Uid=shop;Pwd={};",
    "Server=db;Password={} with blanks;Encrypt=true",
    "UID=sa;PWD={};DATABASE=x",
    "jdbc:postgresql://db/shop?user=shop&password={}&ssl=true",
    "smtp://shop:{}@mail.example:587",
    "mongodb+srv://shop:{}@cluster0.example.mongodb.net/db",
    "amqps://shop:{}@mq/vhost",
    "mysql -h db -ushop -p{} shop",
    "mysqldump -p{} shop > x.sql",
    "sshpass -p {} ssh host",
    "redis-cli -h cache -a {} ping",
    "mongosh --host db -u shop -p {} --quiet",
    "docker login -u shop -p {} registry.example",
    "sqlcmd -S db -U sa -P {} -Q x",
    "ldapsearch -D cn=admin -w {} -b dc=x",
    "curl -u shop:{} https://x.example",
    "curl --user 'shop:{}' https://x.example",
    "curl -s -U shop:{} https://x.example",
    "smbclient -U shop%{} //host/share",
    "sqlplus shop/{}@db",
    "openssl rsa -passin pass:{} -in key.pem",
    "pwsh -Command Connect -Password {} -Verbose",
    "java -Ddb.password={} -jar x",
    "psql: PGPASSWORD={} psql -h db",
    "gpg --batch --passphrase {} -d x",
    "Authorization: Token {}",
    "Authorization: ApiKey {}",
    'authorization: Digest username="shop", response="{}", uri="/"',
    "Authorization: AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host, Signature={}",
    "Proxy-Authorization: Negotiate {}",
    "Authorization: SSWS {}",
    "Authorization: Custom-Scheme {}9",
    "X-Api-Key: {}",
    "x-goog-api-key: {}",
    "PrivateKey = {}9",
    "clientSecret = '{}'",
    "app.security.jwtSecret={}",
    '{{"dbPassword" => "{}"}}',
    "'password' => '{}',",
    '"password" = "{}"',
    ':password => "{}"',
    "{{User:shop Password:{} Host:db}}",
    "<password>{}</password>",
    "<ns:ApiKey type='x'>{}</ns:ApiKey>",
    '<add key="DbPassword" value="{}"/>',
    "<input name='api_key' value='{}'>",
    "CREATE USER shop IDENTIFIED BY '{}'",
    "ALTER ROLE shop WITH PASSWORD '{}'",
    "user: shop\npassword: {}\nhost: db",
    "[db]\nuser = shop\nsecret = {}\n",
    "export DB_PASS={}",
    'SMTP_PASS="{}"',
    "the password is {}9.",
    "Your new passphrase was '{}9'",
    "Das Passwort lautet {}9",
    "la contraseña es {}9",
    "le mot de passe est {}9",
    "contraseña={}",
    'Kennwort: "{}"',
    "пароль={}",
    "senha={}",
    "密码={}",
    "connect(host='db', password='{}')",
    "?session_token={}#x",
    "Set-Cookie: sid={}; HttpOnly",
]
QUIET = [
    "token=expired",
    "session_token=not-found",
    "login(user='x', password=None)",
    "connect(password=None, token=missing)",
    "https://shop.example/search?key=home",
    "?key=user-profile&page=2",
    "https://x.example/?key=en_US&auth=basic",
    "sk-learn-model-v2-final-2024",
    "xoxo-love-and-kisses-12",
    "key-value-store-is-full-since-2024",
    "the password is required",
    "The password is too short.",
    "password is incorrect, try again",
    "the token is expired",
    "the password is case-sensitive",
    "mkdir -p /var/lib/shop",
    "docker run -p 8080:80 nginx",
    "ssh -p 22 host",
    "tar -a -c x",
    "mysql -h db -u shop --port 3306",
    "curl -u https://x.example",
    "git push -u origin main",
    "Server={server};Database={db2};UID={user.name};PWD={password_v2};Encrypt=yes",
    "PWD=/home/shop OLDPWD=/tmp",
    "pwd: /srv/app",
    "C:\\work",
    "PWD=C:\\work",
    "npm run test -w pkg",
    "<token>;</token>",
    "<h1>Password</h1>",
    "password ? 'yes' : 'no'",
    'print("forgot password" + " link")',
    '[{"token": "Hello", "logprob": -0.1}]',
    "SyntaxError: Unexpected token '}' in JSON at position 7",
    "unexpected token: identifier",
    "token: ';'",
    "UPDATE users SET password = ? WHERE id = ?",
    "SELECT password FROM users",
    "WHERE token = $1 AND secret = :secret",
    "secret = read_secret(path)\nother = 1",
    "token = tokens[0]\nx",
    "password = form.password\ny",
    "num_secrets=7",
    "order-2024-000123 550e8400-e29b-41d4-a716-446655440000 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "AssertionError: expected token=valid",
    "Authorization header is missing",
    "authorization: required",
    "gpt-4o-2024-08-06 claude-sonnet-4-20250514 text-embedding-3-small llama-3.1-70b-instruct-q4_K_M",
    'the role is identified as "agent"',
    "Das Passwort ist falsch",
    "le mot de passe est incorrect",
    "SKU SK1234567890 AC-17 pat-1 fw_update re_try sk_flag",
]
QUIET_NAMES = [
    "parser.unexpected_token",
    "lexer.token",
    "tokenizer.token",
    "num_secrets",
    "total_credentials",
    "vault.secrets.count",
    "logprobs.token",
    "syntax.expected-token",
    "maxCookies",
]


@pytest.mark.parametrize("form", SECRET)
def test_a_named_value_is_redacted_and_the_rest_stays(form: str) -> None:
    before, after = form.format("\0").split("\0")
    text = f"{before}{HIDDEN}{after}"

    kept, count = redacted(text)

    assert count
    assert HIDDEN not in kept
    assert kept.startswith(before[:5])
    assert redacted(kept) == (kept, 0)


@pytest.mark.parametrize("form", SECRET)
def test_a_named_value_is_redacted_in_json_inside_json(form: str) -> None:
    inner = json.dumps({"line": form.format(HIDDEN)}, ensure_ascii=False)
    text = json.dumps({"call": inner}, ensure_ascii=False)

    kept, _ = redacted(text)

    assert HIDDEN not in kept
    assert set(json.loads(json.loads(kept)["call"])) == {"line"}


@pytest.mark.parametrize("value", ["Kx9vTq2Lm8RzPw5Yt3", "a1b2c3d4e5f6", "s3cr3t.Word9"])
@pytest.mark.parametrize(
    "form",
    [
        "DRIVER={{ODBC Driver 18 for SQL Server}};UID=sa;PWD={{{}}};Encrypt=yes",
        "Server=db;Password={{{}}}",
        "password={{{}}}",
    ],
)
def test_a_value_between_braces_that_is_no_name_of_a_variable_is_redacted(form: str, value: str) -> None:
    kept, count = redacted(form.format(value))

    assert (kept, count) == (form.replace("{{{}}}", MARK).format(), 1)


@pytest.mark.parametrize("text", QUIET)
def test_a_word_of_a_sentence_or_of_code_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


@pytest.mark.parametrize("name", QUIET_NAMES)
def test_the_name_of_a_lexer_or_a_count_keeps_its_value(name: str) -> None:
    message = sent({name: "value", "args": json.dumps({name: 17}), "pwd": "/srv/app"})

    assert scrubbed(message) == {}


def test_a_short_option_in_a_list_of_arguments_loses_its_value() -> None:
    message = sent({"argv": ["pwsh", "-Password", HIDDEN, "-Verbose"]})

    assert scrubbed(message) == {"redacted_value": 1}
    assert values_of(message) == {"argv": ["pwsh", "-Password", MARK, "-Verbose"]}
