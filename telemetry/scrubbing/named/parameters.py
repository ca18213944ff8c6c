"""
Names that are a secret's only in some places: parameters of a URL, cookies of a session, members of a login.

    ?key=...   &sig=...   ?code=...   &assertion=...   sessionid=...   {"user": "...", "pass": "..."}
    "auth": "dXNlcjpw..."

Sources: https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/ (signatures),
https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 (codes), https://docs.djangoproject.com/en/stable/ref/settings/,
https://www.php.net/manual/en/session.configuration.php, https://github.com/expressjs/session and the Servlet
specification (cookies of sessions), https://docs.docker.com/reference/cli/docker/login/ (`auth`).
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.looks import is_told
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.values import PHRASE
from telemetry.scrubbing.randomness import looks_random
from telemetry.scrubbing.shapes import is_user_and_password

SIGNATURES = frozenset({"sig", "signature", "awsaccesskeyid", "x-goog-signature", "x-amz-signature"})
SESSIONS = frozenset(
    {"sessionid", "jsessionid", "phpsessid", "connect.sid", "aspsessionid", "asp.net_sessionid"}
)
# https://www.rfc-editor.org/rfc/rfc7521#section-4.1 and https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf
ASSERTIONS = frozenset({"assertion", "samlresponse"})
IN_QUERY = frozenset({"key", "auth", "code"})  # also the name of a section, a setting, an error
PARAMETERS = frozenset({*SIGNATURES, *SESSIONS, *ASSERTIONS, *IN_QUERY, "pass", "mnemonic"})
SIGNAL = re.compile(r"\d{1,3}|SIG[A-Z]{2,8}")  # of an operating system
LONG = 16  # characters of an id of a session, a code, or a signature that stands alone
NEAR = 80  # characters around `pass` in which a user is named
USER = re.compile(r"(?i)(?<![a-z])(?:user|login|auth|email|mail|smtp|username|account)(?![a-z])")


def is_parameter(text: str, name: Name, separator: str, place: Place, *, is_quoted: bool) -> bool:
    """Whether the value is a secret in this place and of this look."""
    written, value = name.name.lstrip("._-").lower(), text[slice(*place)]
    before = text[name.start - 1] if name.start else ""
    if written == "pass":
        return is_of_login(text, name, value, is_quoted=is_quoted)
    if written == "mnemonic":
        return PHRASE.match(text, place[0]) is not None
    if written == "auth" and is_user_and_password(value):
        return True
    if separator != "=" or is_quoted:
        return False
    if written in SIGNATURES and before in {"", "?", "&"}:
        return SIGNAL.fullmatch(value) is None
    is_long = len(value) >= LONG and looks_random(value)
    if written in ASSERTIONS:
        return before in {"", "?", "&"} and is_long
    if written in IN_QUERY:
        return before in {"?", "&"} and (is_long or (written != "code" and looks_random(value)))
    return is_long


def is_of_login(text: str, name: Name, value: str, *, is_quoted: bool) -> bool:
    """Whether `pass` is a password: beside the name of a user, and no verdict of a test as in `pass: 7`."""
    around = text[max(0, name.start - NEAR) : name.end + len(value) + NEAR]
    return USER.search(around) is not None and (is_quoted or is_told(value)) and not value.isdigit()
