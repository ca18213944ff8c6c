r"""
Fields of forms that a secret is typed into, as a label or a selector names them.

    #password   input[name="password"]   //input[@id='pwd']   Password textbox   New password *   Password for bob

What only stands near such a field is none: `#password-help`, `Forgot password?`, `Show password`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from telemetry.scrubbing.named.glue import QUOTE
from telemetry.scrubbing.named.looks import is_key, is_of_password
from telemetry.scrubbing.names import is_secret, split_words

# Behind the name of a secret in that of its field: `password-input`, `Password field`.
FIELD_WORDS = ("field", "input", "textbox", "textfield", "text", "box", "edit", "entry", "element", "control")
OF_FIELD = frozenset({*FIELD_WORDS, "txt", "ctrl", "el"})
# In the label or the selector of what is clicked or read.
NO_FIELD = frozenset(
    {
        "a", "btn", "button", "change", "checkbox", "copy", "error", "forgot", "forgotten", "generate", "help", "hide",
        "hint", "icon", "label", "link", "lost", "no", "reset", "show", "strength", "svg", "toggle", "without",
    }
)  # fmt: skip
FORWARDS = re.compile(r"[\w-]{0,40}+")
BACKWARDS = re.compile(r"[\w.-]{1,65}+")
EARLIER_WORD = re.compile(r" (?P<word>[A-Za-z]{2,20}+)(?![\w-])")  # read backwards
# A quote within a selector: `[name="password"]`, `contains(@id, 'password')]`, `has-text("Password") >> input`.
INNER = rf"{QUOTE}(?=(?: [is])?\)?\]|\) ?>)"
BEHIND_NAME = rf"(?: (?:{'|'.join(FIELD_WORDS)}|confirmation|again|value|(?:for|of) [\w@.-]{{1,40}}))"
REST_OF_LABEL = (
    rf"(?:'(?=[ )]))?(?i:{BEHIND_NAME}){{0,4}}[ *:)]{{0,3}}(?:\([^()\"'`\\\r\n]{{0,40}}\))?[ *:]{{0,3}}"
)
REST_OF_SELECTOR = rf"(?:{INNER}|[\])#\[]|[.:](?! )| [>+~] )(?:[^\"'`\\\r\n]|{INNER}){{0,80}}+"
REST = rf"(?:{REST_OF_SELECTOR}|{REST_OF_LABEL}){QUOTE}"
INNER_BACKWARDS = r"[\"'`]\\{0,15}(?= ?(?:[=,][~^$*| ]{0,2}[\w-]{1,40}[@\[]|\(txet-sah:))"
QUOTE_BACKWARDS = r"[\"'`]\\{0,15}"
LABEL = rf"[^\"'`\\\r\n]|{INNER_BACKWARDS}"
BEGINNING = re.compile(rf"(?P<label>(?:{LABEL}){{0,120}}+){QUOTE_BACKWARDS}")  # backwards
# Of a member, where the label may be in other quotes, or in a call: `"'Password' field"`, `"getByLabel('Password')"`.
MEMBER_BEGINNING = re.compile(rf"(?P<label>(?:{LABEL}|'(?=[\"(])){{0,120}}+){QUOTE_BACKWARDS}")
BY_LABEL = re.compile(r"(?i)by_?label")  # finds a field, and is no label itself
LONGEST_BEFORE = 600  # characters that are read backwards
STRUCTURE = re.compile(r"\s{0,8}[{\[]\s{0,8}\\{0,15}[\"'}\]]")  # as JSON, which is no password
ENDS_A_SENTENCE = ("?", ".", ":", "!", "…")


class Field(NamedTuple):
    """The name of a secret in the name of a field, where it begins and ends, and the text before it backwards."""

    name: str
    start: int
    end: int
    before: str


def field_at(text: str, end: int) -> Field | None:
    """The field in whose name that of a secret has its last word here, or None."""
    forwards = FORWARDS.match(text, end)
    last = forwards.end() if forwards else end
    before = text[max(0, last - LONGEST_BEFORE) : last][::-1]
    match = BACKWARDS.match(before)
    if match is None:
        return None
    written = match[0][::-1]
    earlier = (
        EARLIER_WORD.match(before, match.end()) if written.lower() in {"key", "phrase", "code"} else None
    )
    if earlier:
        written, match = f"{earlier['word'][::-1]} {written}", earlier
    words = split_words(written)
    # `token` counts much else, and the search of suspicion.py wants the end of a name behind it.
    if any(word.endswith("token") for word in words) and (
        words[-1] in OF_FIELD or text[last : last + 1] == "."
    ):
        return None
    while words and words[-1] in OF_FIELD:
        words = words[:-1]
    if not words or NO_FIELD.intersection(words) or not is_secret(" ".join(words)):
        return None
    return Field(" ".join(words), last - match.end(), last, before[match.end() :])


def is_field(*parts: str) -> bool:
    """Whether the words around the name are of a field, and not of what is clicked or read."""
    return not any(NO_FIELD.intersection(split_words(BY_LABEL.sub("", part))) for part in parts)


def is_typed(field: Field, value: str) -> bool:
    """Whether the text may be what is typed into the field, and is not its label or a sentence about it."""
    if not value.strip() or STRUCTURE.match(value) or is_secret(value.strip(" *:?")):
        return False
    if " " in value.strip() and (value.rstrip().endswith(ENDS_A_SENTENCE) or "password" in value.lower()):
        return False
    return is_of_password(field.name) or is_key(field.name, value)
