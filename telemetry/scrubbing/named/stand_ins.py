"""Values that only stand for a secret: nothing, a variable, a placeholder, stars, or a word that says how it is."""

from __future__ import annotations

import re

MARK = "[redacted]"  # in place of a secret
# Between braces, ODBC quotes values, too: https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function
NO_VARIABLE = r"[\w.]{0,64}\d[A-Za-z_]{1,64}\d"  # letters between digits, as in no name
STAND_IN = re.compile(
    r"(?i:none|null|nil|true|false|undefined|redacted|required|missing)[)\]}:;.]{0,8}|[^\w]+"
    r"|(?i:bearer|basic|digest|token) ?|[xX]{3,64}+|%s|%\(\w+\)s|%\{\w{1,64}+\}"
    # Variables and calls of shells, templates and programs.
    r"|\[(?i:encrypted|filtered|hidden|masked|omitted|removed|secret)\]|[:@][a-z_]{1,64}+"
    r"|(?:(?i:bearer|basic|digest|token) )?"
    rf"(?:\$\{{?\w*\}}?|\{{+(?!{NO_VARIABLE})[\w.]*\}}+|<[\w -]*>|%s)"
    r"|\$\d{1,4}::[A-Za-z_][\w()]{0,40}|\$\(.*|\$\{\{.*|\{\{[^{}]{0,256}+(?:\}\})?|<%.*|#\{[\w.]{0,64}+\}?"
    r"|(?:self|os|config|settings|process|env|secrets|vars?|local|data|System|Deno|import\.meta)\.[\w.()\[\]]*"
    r"|(?i:get)?env[\[(].*|ENV[\[.].*|[A-Za-z_][A-Za-z_.]{2,64}+\((?:[\w., =]{0,64}[()]){0,4}"
    # Placeholders: `sk-...`, `YOUR_API_KEY`, `<token>`, `ghp_xxxx`; keys of a keyboard; keys that are public.
    r"|[\w-]{0,16}(?:\.{3}|…|\*{3}|x{4}|X{4})[\w.*…-]{0,16}|(?i:<?your[ _-]?[a-z_ -]{1,40}>?)"
    r"|(?i:[a-z_ -]{1,40}[_ -]here)"
    # Algorithms, of hashes.
    r"|(?i:bcrypt|scrypt|yescrypt|argon2(?:id|i|d)?|pbkdf2|md5|sha-?(?:1|256|384|512))"
    r"|(?i:(?:alt|ctrl|control|shift|cmd|command|meta|option)(?: ?[+-] ?\w{1,10}){1,4})|pk_(?:live|test)_\w{1,256}",
    re.DOTALL,
)
LONGEST = 40  # characters of such words together
SEPARATORS = re.compile(r"[ _-]")
JOINTS = re.compile(r"[A-Za-z]+(?:[ _-][A-Za-z]+){0,4}")
STATES = frozenset(
    {
        "a", "absent", "accepted", "active", "again", "allowed", "an", "and", "any", "are", "argument",
        "available", "await", "bad", "be", "blank", "blocked", "bool", "by", "bytes", "changed", "changeme",
        "compromised", "correct", "default", "denied", "deprecated", "disabled", "duplicate", "empty",
        "enabled", "encrypted", "error", "exceeded", "exists", "expected", "expired", "expiring", "failed", "failure",
        "field", "filtered", "flag", "float", "for", "forbidden", "found", "generated", "given", "good", "has", "hash",
        "hashed", "header", "hidden", "identifier", "illegal", "in", "inactive", "include", "incorrect",
        "ineligible", "insufficient", "int", "invalid", "is", "leaked", "locked", "long", "lost", "malformed",
        "mandatory", "masked", "match", "matches", "mismatch", "mismatched", "missing", "must", "my",
        "needed", "new", "no", "none", "not", "null", "number", "of", "ok", "old", "omit", "omitted", "only",
        "option", "optional", "or", "origin", "outdated", "parameter", "password", "placeholder", "plain",
        "present", "privileged", "protected", "provided", "redacted", "refreshed", "refused", "rejected",
        "removed", "renewed", "required", "reset", "restricted", "retry", "revoked", "rotated", "same",
        "saved", "secret", "set", "short", "should", "skipped", "stale", "str", "string", "strong", "success",
        "supplied", "taken", "text", "the", "this", "to", "token", "too", "try", "type", "unauthorized",
        "unavailable", "undefined", "unexpected", "unknown", "unrecognized", "unset", "unsupported", "unused",
        "unverified", "updated", "used", "user", "valid", "value", "verification", "verified", "was", "weak",
        "were", "will", "wrong", "yes", "yet", "your",
    }
)  # fmt: skip


# A sentence of plain words and small numbers, as of a validator: `must be at least 8 characters`.
SENTENCE = re.compile(
    r"[A-Za-z][a-z]{0,19}(?:['’]t|,)?(?: (?:\(?[A-Za-z][a-z]{0,19}(?:['’]t|,)?|\d{1,3})\)?){2,15}[.!)]{0,2}"
)
LONGEST_SENTENCE = 160
# At least one of these is in it, since a passphrase is of several words, too.
OF_VALIDATORS = re.compile(
    r"(?i)(?<![a-z])(?:allowed|blank|can['’]t|cannot|characters|contain|empty|expired|incorrect|invalid|least|longer|"
    r"match|missing|must|needed|required|shorter|should|wrong|too (?:short|long|weak|common))(?![a-z])"
)


def is_sentence(text: str, start: int, end: int) -> bool:
    """Whether what is written there says what is wrong with a value."""
    is_short = end - start <= LONGEST_SENTENCE
    return (
        is_short
        and SENTENCE.fullmatch(text, start, end) is not None
        and OF_VALIDATORS.search(text, start, end) is not None
    )


def is_stand_in(text: str, start: int, end: int) -> bool:
    """Whether what is written there is no secret."""
    if text.startswith(MARK, start) and end - start == len(MARK):
        return True
    if STAND_IN.fullmatch(text, start, end) or is_sentence(text, start, end):
        return True
    if end - start > LONGEST or not JOINTS.fullmatch(text, start, end):
        return False
    return STATES.issuperset(SEPARATORS.split(text[start:end].lower()))
