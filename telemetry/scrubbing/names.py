"""
Names whose values are secrets: `api_key`, `clientSecret`, `http.request.header.authorization`, `OPENAI_API_KEY`.

A name is split into words, whatever its spelling, and its last words decide: `access_token` is a secret, `max_tokens`,
`token_type_id` and `password_reset_url` are not. The list joins Sentry's default fields
(https://docs.sentry.io/security-legal-pii/scrubbing/server-side-scrubbing/) and the headers and settings that
https://opentelemetry.io/docs/security/handling-sensitive-data/ warns about.
An operator adds names by LOOPKIT_SCRUB_KEYS.
"""

from __future__ import annotations

import re
from enum import Enum

from django.conf import settings

from telemetry.scrubbing.escapes import as_seen
from telemetry.short_cache import cached_if_short

LONGEST = 256  # characters of a name that are read, from its end
SIGNS = re.compile(r"[\W_]+")
MAY_BE_ESCAPED = re.compile(r"[%&\\\x08\x1b]|[^\x00-\x7f]")
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
ENDINGS = frozenset(
    {
        "password", "passwd", "passphrase", "mysql pwd", "db pwd", "secret", "secrets", "token", "jwt",
        "authorization", "credential", "credentials", "cookie", "cookies", "api key", "private key",
        "access key", "secret key", "auth key", "account key", "shared key", "master key", "signing key",
        "encryption key", "subscription key", "storage key", "license key", "consumer key",
        "application key", "app key", "hmac key", "aes key", "jwt key", "functions key", "pwd", "passcode",
        "pass phrase", "seed phrase", "recovery phrase", "recovery code", "cvv", "cvc", "db pass",
        "user pass", "smtp pass", "mail pass", "email pass", "redis pass", "mysql pass", "ftp pass",
        "ssh pass", "proxy pass", "admin pass", "root pass", "auth pass", "login pass", "app pass", "pg pass",
        "passwords", "passphrases", "api keys", "private keys", "secret keys", "access keys", "psk", "requirepass",
        "masterauth", "preshared key", "session key", "ssh key", "deploy key", "server key", "service key",
        "webhook key", "decryption key", "cipher key", "rsa key", "hash key", "key data", "code verifier",
        "client assertion", "pragma key", "pragma rekey",
    }
)  # fmt: skip
# Endings that count inside a longer last word too: `clientsecret`, `myapikey`.
RUN_TOGETHER = (
    "password", "passwd", "passphrase", "secret", "apikey", "secretkey", "privatekey", "accesskey", "authkey",
    "accesstoken", "authtoken", "refreshtoken", "sessiontoken", "idtoken", "credentials", "apitoken",
    "bearertoken", "encryptionkey", "masterkey", "sharedkey", "requirepass", "masterauth", "csrftoken", "xsrftoken",
    "middlewaretoken",
)  # fmt: skip
# Passwords in other languages, run together.
FOREIGN = (
    "passwort", "kennwort", "contraseña", "contrasena", "motdepasse", "senha", "wachtwoord", "hasło",
    "haslo", "lösenord", "losenord", "adgangskode", "salasana", "şifre", "sifre", "heslo", "jelszó", "jelszo",
    "пароль", "密码", "密碼", "パスワード", "비밀번호",
)  # fmt: skip
# Words and numbers behind a name that do not change what it names: `password2`, `password_confirmation`,
# `secret_key_base`, `api_key_prod`, and `b` and `v` of `b64` and `v2`.
SUFFIXES = frozenset(
    {
        "again", "b", "base", "confirm", "confirmation", "confirmed", "current", "dev", "enc", "encoded",
        "encrypted", "live", "new", "old", "plain", "plaintext", "previous", "prod", "production", "raw", "repeat",
        "retype", "staging", "v", "val", "value", "verify",
    }
)  # fmt: skip
# Behind a password: its hash can be guessed from, while the hash of a drawn key cannot.
HASHES = frozenset({"hash", "digest"})
HASHED = ("password", "passwd", "passphrase", "passcode", "pwd")
# Behind `token`, which names much else, fewer, and only where a word says what it is for: `api_token_prod`.
TOKEN_SUFFIXES = frozenset(
    {"1", "2", "64", "b", "base", "live", "new", "old", "prod", "production", "raw", "value"}
)
AUTH_WORDS = frozenset(
    {"access", "api", "auth", "bearer", "bot", "csrf", "id", "refresh", "secret", "session"}
)
# Words that make the `token` behind them one of a model, a tokeniser or a list, which is no secret.
PLAIN_TOKENS = frozenset(
    {
        "page", "next", "previous", "continuation", "pagination", "sync", "cursor", "bos", "eos", "pad",
        "unk", "mask", "sep", "cls", "special", "stop", "start", "end", "first", "last", "per",
        "cancellation", "prompt", "completion", "input", "output", "new", "unexpected", "expected",
        "illegal", "mismatched", "lexer", "lexical", "parser", "tokenizer", "tokeniser", "syntax",
        "grammar", "ast", "current", "peek", "lookahead", "eof", "bpe", "subword", "vocab", "word", "text",
        "logprob", "logprobs", "top", "draft", "generated", "sampled", "predicted", "cached", "reasoning",
        "thinking", "image", "audio", "total", "max", "min", "avg", "num", "keyword", "operator",
        "punctuation", "identifier", "literal", "closing", "opening", "separator", "delimiter", "padding",
        "trigger", "design", "nft", "erc20", "erc721", "quote", "reward",
    }
)  # fmt: skip
# A number of these is no secret.
PLURALS = frozenset({"secrets", "credentials", "cookies"})
COUNTS = frozenset(
    {"num", "number", "count", "total", "max", "min", "n", "no", "nr", "len", "size", "limit", "has"}
)
COUNTED = {("token",), *((word,) for word in PLURALS)}
PATH = re.compile(r"[~.]{0,2}[/\\]|[A-Za-z]:[/\\]")

# Some clients record every header of a request, so a header is kept there only if it is known to hold no secret.
HEADERS = re.compile(r"(?:^|[._a-z])[Hh]eaders(?:\.(?P<name>.{1,256}+))?$")
SAFE_HEADER = re.compile(
    r"(?i)(?:accept|accept-(?:encoding|language|ranges)|cache-control|connection|content-(?:encoding|length|type)|"
    r"date|host|server|vary|via|user-agent|traceparent|retry-after|(?:x-)?request-id|(?:openai|anthropic)-"
    r"(?:version|beta|model|processing-ms)|x-stainless-[a-z-]{1,40}|(?:[a-z]{1,20}-)?(?:x-)?ratelimit-[a-z-]{1,60})"
)
# LangSmith records its environment variables: https://docs.langchain.com/langsmith/env-var
VARIABLE = re.compile(
    r"(?:^|\.)LANG(?:SMITH|CHAIN)_(?!(?:PROJECT|SESSION|ENDPOINT|TRACING|TRACING_V2|OTEL_ENABLED|OTEL_ONLY)$)"
)


class Disposition(Enum):
    """The treatment of the value under a name."""

    KEPT = "kept"
    SECRET = "secret"  # noqa: S105  (a word)
    HEADERS = "headers"  # headers by name: the harmless ones stay


@cached_if_short(8192)  # names are few, but a sender chooses them
def disposition_of(name: str) -> Disposition:
    """The treatment of the value under this name, at any depth."""
    match = HEADERS.search(name[-LONGEST:])
    if match:
        return header_disposition(match["name"]) if match["name"] else Disposition.HEADERS
    return Disposition.SECRET if VARIABLE.search(name) or is_secret(name) else Disposition.KEPT


def header_disposition(name: str) -> Disposition:
    """The treatment of the value under this name of a header, where a client recorded all headers of a request."""
    return Disposition.KEPT if SAFE_HEADER.fullmatch(name) else Disposition.SECRET


@cached_if_short(8192)
def is_secret(name: str) -> bool:
    """Whether a value under this name is a secret, also one with escapes or with signs that nobody sees."""
    if MAY_BE_ESCAPED.search(name, max(0, len(name) - LONGEST)):
        name = as_seen(name[-LONGEST:])
    name_words = without_suffixes(split_words(name))
    if not name_words:
        return is_foreign(name)
    if "public" in name_words[-3:-1]:  # `PublicKeyToken` names an assembly of .NET
        return False
    if name_words[-1] == "token" and len(name_words) > 1:
        return name_words[-2] not in PLAIN_TOKENS
    if name_words[-1] in PLURALS and COUNTS.intersection(name_words[:-1]):
        return False
    endings = {" ".join(name_words[-count:]) for count in (1, 2)}
    return (
        bool(endings & ENDINGS)
        or name_words[-1].endswith(RUN_TOGETHER)
        or is_added(name_words)
        or is_foreign(name)
    )


def without_suffixes(name_words: tuple[str, ...]) -> tuple[str, ...]:
    """The words up to the one that names the secret."""
    end = len(name_words)
    while end > 1 and is_suffix(name_words[end - 1], name_words[end - 2]):
        end -= 1
    if name_words[end - 1 : end] != ("token",):
        return name_words[:end]
    is_named = AUTH_WORDS.intersection(name_words[: end - 1]) and TOKEN_SUFFIXES.issuperset(name_words[end:])
    return name_words[:end] if is_named else name_words


def is_suffix(word: str, before: str) -> bool:
    """Whether the word leaves a name that of the secret which the word before it names."""
    return word in SUFFIXES or word.isdigit() or (word in HASHES and before.endswith(HASHED))


def is_foreign(name: str) -> bool:
    """Whether the name ends in the word for a password in another language."""
    return SIGNS.sub("", name[-LONGEST:].casefold()).endswith(FOREIGN)


def is_folder(name: str, value: str) -> bool:
    """Whether the value is a path under the name `PWD`, which is a password or, in a shell, the folder it is in."""
    return PATH.match(value) is not None and split_words(name)[-1:] == ("pwd",)


def is_added(name_words: tuple[str, ...]) -> bool:
    """Whether the name ends in one that the operator added (LOOPKIT_SCRUB_KEYS)."""
    return any(
        name_words[-len(ending) :] == ending
        for ending in map(split_words, settings.LOOPKIT_SCRUB_KEYS)
        if ending
    )


@cached_if_short(8192)
def split_words(name: str) -> tuple[str, ...]:
    """The words of a name in any spelling, lower case; other characters only separate them."""
    return tuple(map(str.lower, WORD.findall(name[-LONGEST:])))


def is_count(name: str, value: object) -> bool:
    """Whether the value is a number and its name ends in `token`, a count or a tokeniser's id, or in a plural."""
    return isinstance(value, int | float) and split_words(name)[-1:] in COUNTED
