"""
Whether a value looks like a secret: what decides behind weak glue, where a sentence, a title or code may stand too.

    DB_PASSWORD: hunter22   X-Auth-Token: word   secret = ...         values
    token: eos2   access key is version3   INVALID_TOKEN: try again   words
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import is_in_map
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.names import is_foreign, is_secret, split_words
from telemetry.scrubbing.randomness import has_digit, looks_random

PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "passcode", "pass"})
# Words of names of errors, whose values say what happened: `INVALID_TOKEN: try again`.
ERRORS = frozenset(
    {
        "bad", "denied", "duplicate", "err", "error", "errors", "expired", "failed", "failure", "forgot", "illegal",
        "incorrect", "invalid", "malformed", "mismatch", "missing", "no", "not", "required", "reset", "unauthorized",
        "unexpected", "unknown", "unsupported", "weak", "wrong",
    }
)  # fmt: skip
MAP_BEFORE = frozenset({" ", "["})
FIELD_BEFORE = frozenset({" ", "{"})
RECORD_BEFORE = frozenset({"", " ", ",", "{", "\n", ";", "&", "|", "/"})
CODE_FOLLOWS = frozenset({"", ".", "(", ")", "[", "]", "}", ":"})
LONGEST_NAME = 64  # characters of a value that may be the name of a variable
SHORTEST, SHORTEST_COMMON = (
    6,
    12,
)  # characters of a secret behind a name, and behind one that is a common word
LONG_WORD = 14  # letters; words of sentences are shorter
OWN = ("self.", "this.", "cls.", "module.", "exports.")
VARIABLE = re.compile(r"[A-Za-z_]{1,64}")
# Keys that are an id or a name just as often.
NOT_ONLY_SECRET = frozenset(
    (word, "key")
    for word in (
        "account", "app", "application", "consumer", "deploy", "hash", "license", "server", "service", "session",
        "webhook",
    )
)  # fmt: skip
CAPITAL_INSIDE = re.compile(r"[a-z][A-Z]")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# A word with a number, or several: `eos2`, `t1.micro`, `version3-compatible`, `4chars`.
NUMBERED = re.compile(
    r"(?:[A-Za-z]+\d{0,4}|\d{1,4}[A-Za-z]*)(?:[-._/:][A-Za-z]+\d{0,4}|[-._/:]\d{1,4}[A-Za-z]*){0,8}"
)
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|.*[(\[]", re.DOTALL)
OPENING = re.compile(r"[(\[]")
LINE_BACKWARDS = re.compile(
    r"(?:[ \t]{0,8}-|[ \t]tropxe|[ \t]tes)?(?:\*\*|`)?[ \t]{0,40}(?:-[ \t])?(?:\n|n\\|\Z)"
)
LINE_END = re.compile(r"[`*;]{0,2}[ \t]{0,8}(?:\r?\n|\\{1,15}[nr]|\Z|#)")
NEAR = 60  # characters before a name in which its line begins
# What sets a variable or an option, read backwards: `ENV X`, `set -gx X`, `git config --global X`.
SETTER = re.compile(
    r"[ \t]{1,8}(?:(?:xg?-|gx?-|xU-|labolg--|lacol--|lresu--)[ \t]{1,4}|\d[ \t]{1,4})?"
    r"(?:VNE|GRA|vnEteS|vnetes|xtes|tes|gifnoc|noitpo|tropxe|terces|eman--|di-terces--|redaeh_[a-z_]{1,20}|redaeHtseuqeR)(?![\w-])"
)
# What a sentence says that a secret is used for, read backwards: `login failed with password ...`.
USED = re.compile(r" (?:(?:eht|siht|sih|reh|ruoy|ym|sti|a) )?(?i:htiw|gnisu|esu|yb|deirt)(?!\w)")
# The type of encryption that routers write before a password: `enable secret 5 ...`.
ENCRYPTION = re.compile(r"[ \t]{1,40}[0-9] ")
LOGIN = re.compile(
    r"[ \t]{1,4}[^\s]{1,80}+[ \t]{1,4}(?:nigol|emanresu|resu|tnuocca|enihcam)(?!\w)"
)  # read backwards: `login u`
CELL_BEFORE = re.compile(r"(?:\*\*|`)?[ \t]{0,40}(?:[|│┃║]|[\r\n])")  # read backwards
CELL = re.compile(r"(?P<value>[^\s|│┃║]{1,256})[ \t]{0,200}(?:[|│┃║]|\r?\n|\Z)")


def is_told(value: str) -> bool:
    """Whether the word is a secret and not one of a sentence: it has a digit, a sign, capitals inside, or is long."""
    if not WORD.fullmatch(value):
        return True
    return (len(value) >= LONG_WORD and "-" not in value) or CAPITAL_INSIDE.search(value) is not None


def is_of_password(name: str) -> bool:
    """Whether the name is that of a password, which people choose; keys and tokens are drawn."""
    return any(word in PASSWORDS for word in split_words(name)[-2:]) or is_foreign(name)


def is_collection(name: str) -> bool:
    """Whether the name is that of several secrets, so that a subscript says whose one is: `passwords["bob"]`."""
    return name.lower().endswith("s") and split_words(name)[-1] not in {"credentials", "cookies"}


def is_numbered_word(value: str) -> bool:
    """Whether the value is made of words and small numbers, as versions and names of sizes are."""
    return NUMBERED.fullmatch(value) is not None and not looks_random(value)


def is_code_of(name: str, value: str) -> bool:
    """Whether the value is the name again, as in `token=token` and `self.token = token.strip()`: code, or a label."""
    word = name.lstrip("_-").rpartition(".")[2]
    start = value[: len(word)]
    return start.casefold() == word.casefold() and value[len(word) : len(word) + 1] in CODE_FOLLOWS


def is_code(value: str) -> bool:
    """Whether the value is a member or a call, as in `form.name` and `read(path)`, and not drawn at random."""
    return CODE.match(value) is not None and not looks_random(OPENING.split(value, maxsplit=1)[0])


def is_of_object(name: str, value: str) -> bool:
    """Whether code assigns a variable: to a member of its own object, or to a key one whose name has several words."""
    if not VARIABLE.fullmatch(value):
        return False
    return name.startswith(OWN) or ("_" in value.strip("_") and not is_of_password(name))


def is_of_other_kind(name: str, value: str) -> bool:
    """Whether a key is one of a keyboard, a table, a licence or a service: its value is a character or a word."""
    words = split_words(name)[-2:]
    if words == ("access", "key") or words == ("accesskey",):
        return len(value) == 1
    return words in NOT_ONLY_SECRET and len(value) < LONG_WORD and value.isalpha()


def is_key(name: str, value: str, *, may_be_words: bool = False) -> bool:
    """Whether the value looks like a secret of this name; a name that is a common word wants a random one."""
    if OPENING.search(value) and is_code(value):
        return False
    words = split_words(name)
    if ERRORS.intersection(words) or (len(value) < LONGEST_NAME and is_secret(value)):
        return False
    if "-" in name.strip("-") and not name.startswith("-"):  # a header; words of sentences are stand-ins
        return True
    if len(value) < SHORTEST or not has_digit(value):
        return False
    if is_of_password(name):
        return True
    if len(words) == 1:
        return len(value) >= SHORTEST_COMMON and looks_random(value)
    return may_be_words or not is_numbered_word(value)


def is_strong(match: re.Match[str], value: str) -> bool:
    """Whether the separator alone makes what follows a value: `name=...`, but not `name= form.name`, which is code."""
    if match["separator"] not in {"=", "=>"} or match["before"] or len(match["gap"]) > 1:
        return False
    return not match["gap"] or not is_code(value)


def is_value(text: str, name: Name, match: re.Match[str], value: str) -> bool:
    """Whether the word behind a weak separator is the value of the name, and not a word of a sentence or of code."""
    separator = match["separator"]
    if separator == ":" and not match["gap"]:
        return is_key(name.name, value) if match["close"] else is_field(text, name, value)
    if is_key(name.name, value, may_be_words=separator == "="):
        return True
    return separator in {":", "="} and is_line(text, name, match, value)


def is_field(text: str, name: Name, value: str) -> bool:
    """Whether `Name:value` is a field as Go prints it, or `password:value` is one of a record."""
    before = text[name.start - 1 : name.start]
    if before in MAP_BEFORE and is_in_map(name.backwards, name.before):
        return True
    if before in FIELD_BEFORE and name.name[:1].isupper():
        return not is_code(value)
    return before in RECORD_BEFORE and is_key(name.name, value) and not is_code(value)


def is_line(text: str, name: Name, match: re.Match[str], value: str) -> bool:
    """Whether name and value are a line of their own, as in a file of settings, and the value is no code."""
    end = match.end("gap") + len(value)
    if LINE_END.match(text, end) is None or not LINE_BACKWARDS.match(name.backwards, name.before):
        return False
    words = split_words(name.name)
    if is_code(value) or is_of_object(name.name, value) or ERRORS.intersection(words):
        return False
    if not is_of_password(name.name):
        if has_digit(value) and is_numbered_word(value) and (match["separator"] == ":" or len(words) == 1):
            return False
        if len(words) == 1 and match["separator"] == ":" and not is_told(value):
            return False
    return (
        has_digit(value)
        or match["separator"] == "="
        or has_lines(text[max(0, name.start - NEAR) : end + NEAR])
    )


def has_lines(text: str) -> bool:
    """Whether the text is of more than one line, also as JSON writes it."""
    return "\n" in text or "\\n" in text


def is_cell(text: str, name: Name, at: int) -> list[Place]:
    """The place of the value in the cell beside a name's, in a row of a table."""
    match = CELL.match(text, at)
    is_first = CELL_BEFORE.match(name.backwards, name.before)
    return [match.span("value")] if match and is_first and is_key(name.name, match["value"]) else []


def follows_space(text: str, name: Name, place: Place, value: str, *, is_quoted: bool) -> bool:
    """Whether what stands behind white space is the value of a variable that is set, or of a line of settings."""
    if is_quoted and text[name.start - 1 : name.start] in {":", "("}:  # Clojure, Lisp
        return True
    if LOGIN.match(name.backwards, name.before):
        return is_told(value) or "-" in value
    if SETTER.match(name.backwards, name.before):
        return is_quoted or is_told(value) or LINE_END.match(text, place[1]) is not None
    if USED.match(name.backwards, name.before) and not is_quoted:
        return is_key(name.name, value) and not (is_code(value) or is_numbered_word(value))
    if ENCRYPTION.match(text, name.end):
        return is_told(value) and not value.isdigit()
    if is_quoted:
        return is_key(name.name, value) and " " not in value
    if not is_key(name.name, value) or is_code(value) or is_numbered_word(value):
        return False
    return (
        LINE_END.match(text, place[1]) is not None
        and LINE_BACKWARDS.match(name.backwards, name.before) is not None
    )
