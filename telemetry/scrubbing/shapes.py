"""
Secrets that are recognised by their shape, wherever they are: each kind begins with its own letters.

Shapes: https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml, and for what is before the @ of a URL
https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/. All beginnings are searched for in one pass, and a
pattern is tried only where one was found. Repetition is bounded or possessive, so any input takes linear time.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, MatchKind

Place = tuple[int, int]  # start and end of a secret

NEW_WORD = r"(?<![A-Za-z0-9_])"
SHAPES = {
    **dict.fromkeys(  # LoopKit's own
        ("lk_ingest_", "lk_agent_", "lk_feedback_", "lk_feed_"), r"[A-Za-z0-9]{20,128}+"
    ),
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"[A-Za-z0-9]{30,255}+"),
    "github_pat_": r"\w{30,255}+",
    "glpat-": r"[\w-]{20,255}+",
    "xox": r"[abceoprs](?:\.xox[abp])?-[A-Za-z0-9-]{10,255}+",  # Slack
    "xapp-": r"[A-Za-z0-9-]{10,255}+",
    **dict.fromkeys(("AKIA", "ASIA"), r"[A-Z0-9]{16}(?![A-Za-z0-9])"),  # AWS
    "AIza": r"[\w-]{35}(?![\w-])",  # Google
    "ya29.": r"[\w-]{20,2048}+",
    "GOCSPX-": r"[\w-]{20,64}+",
    **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_"), r"[A-Za-z0-9]{10,255}+"),  # Stripe
    "SG.": r"[\w-]{16,64}+\.[\w-]{16,128}+",  # SendGrid
    "hf_": r"[A-Za-z0-9]{30,64}+",
    "npm_": r"[A-Za-z0-9]{36}(?![A-Za-z0-9])",
    "pypi-AgE": r"[\w-]{50,1024}+",
    "lsv2_": r"[a-z]{2}_[a-z0-9_]{30,255}+",  # LangSmith
    "gsk_": r"[A-Za-z0-9]{40,64}+",  # Groq
    "pplx-": r"[A-Za-z0-9]{40,64}+",
    "xai-": r"[A-Za-z0-9]{40,128}+",
    "hooks.slack.com/services/": r"[A-Za-z0-9/]{20,128}+",
    "eyJ": r"[\w-]{8,16384}+\.[\w-]{8,65536}+\.[\w-]{0,8192}+",  # a JSON Web Token, its signature empty or not
}
MODEL_KEYS = "sk-"  # OpenAI, Anthropic and many more; also the end of `task-` and `risk-`
SCHEMES = {"Bearer ", "bearer ", "BEARER ", "Basic ", "basic ", "BASIC "}
PRIVATE_KEYS = "-----BEGIN "
BEGINNINGS = [*SHAPES, MODEL_KEYS, *sorted(SCHEMES), PRIVATE_KEYS]
SHAPE = [re.compile(NEW_WORD + re.escape(start) + rest, re.ASCII) for start, rest in SHAPES.items()]
# The kind of match that SIMD code searches for, many bytes at once.
FINDER = AhoCorasick(BEGINNINGS, matchkind=MatchKind.LeftmostFirst)

MODEL_KEY = re.compile(r"(?<![\w-])sk-[\w-]{20,256}+", re.ASCII)
CREDENTIALS = re.compile(r"(?<![\w-])[A-Za-z]{5,6} {1,4}([\w.~+/-]{8,16384}+={0,2})", re.ASCII)
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----((?:[^-]|-(?!----)){1,65536}+)"
)
KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{40}")
USERINFO = re.compile(r"://([^\s/?#:@\"'<>\\]{0,256}+:[^\s/?#\"'<>\\]{1,256})@")


def found(text: str) -> Iterator[Place]:
    """The places of secrets of such shapes in the text, in no order."""
    for number, start, _ in FINDER.find_matches_as_indexes(text):
        place = secret_at(text, number, start)
        if place:
            yield place
    if "@" in text:
        yield from (match.span(1) for match in USERINFO.finditer(text))


def secret_at(text: str, number: int, start: int) -> Place | None:
    """The place of the secret that starts here with BEGINNINGS[number], or None if there is none."""
    if number < len(SHAPE):
        match = SHAPE[number].match(text, start)
        return match.span() if match else None
    if BEGINNINGS[number] == MODEL_KEYS:
        return model_key(text, start)
    return private_key(text, start) if BEGINNINGS[number] == PRIVATE_KEYS else credentials(text, start)


def model_key(text: str, start: int) -> Place | None:
    """The place of the key that starts here, or None for words that hyphens join: they have no digits."""
    match = MODEL_KEY.match(text, start)
    return match.span() if match and has_digit(match[0]) else None


def credentials(text: str, start: int) -> Place | None:
    """The place of the credentials behind Bearer or Basic, or None before a word: `Bearer authentication`."""
    match = CREDENTIALS.match(text, start)
    if match is None:
        return None
    is_secret = is_user_and_password if text[start + 1] in "aA" else is_no_word
    return match.span(1) if is_secret(match[1]) else None


def is_no_word(text: str) -> bool:
    """Whether the text is no word of a sentence: it has a digit, or 24 letters or more."""
    return has_digit(text) or (len(text) >= 24 and text.isalpha())


def is_user_and_password(encoded: str) -> bool:
    """Whether the text is base64 of `user:password`: https://www.rfc-editor.org/rfc/rfc7617#section-2"""
    try:
        return b":" in base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False


def private_key(text: str, start: int) -> Place | None:
    """
    The place of the lines between BEGIN and END of a private key, or of the rest of a text that was cut off before END.

    None for a sentence about private keys, which has no such lines.
    """
    match = PRIVATE_KEY.match(text, start)
    if match is None or not (text.startswith("-----END", match.end()) or KEY_LINE.search(match[1])):
        return None
    return match.span(1)


def has_digit(text: str) -> bool:
    """Whether one of the text's characters is a digit."""
    return any(character.isdigit() for character in text)
