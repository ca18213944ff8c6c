"""
Pieces of text without which no secret is found by its name: what the search of suspicion.py looks for.

They are as rare in clean telemetry as can be: of names that end in `key` the word before it is a part, and behind
`token`, which counts tokens in most telemetry, a character that may begin glue (glue.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, product
from urllib.parse import quote

# The characters behind `token`: the tag of its value in a message, and the beginnings of glue, as written or escaped.
ENDS = (
    "\x12", '"', "'", "`", "\\", "=", ":", "|", ",", ";", "]", "\n", "*", "->", "%", "&", ">", " =", " :",
    " |", " -", " <", "\t", "  ",
)  # fmt: skip
PASS_ENDS = ("\x12", "\n", '"', "'", "\\", "=", ":", " =", "%", "&", "]", "\t", "  ")
WORDS = (
    "assw", "ASSW", "assphrase", "ASSPHRASE", "ecret", "ECRET", "uthoriz", "UTHORIZ", "redential", "REDENTIAL",
    "ookie", "OOKIE", "pwd", "Pwd", "PWD", "jwt", "Jwt", "JWT", "cvv", "CVV", "Cvv", "cvc", "CVC", "Cvc", "asscode",
    "ASSCODE", "ecovery", "ECOVERY", "psk", "PSK", "Psk", "asterauth", "ASTERAUTH", "equirepass", "REQUIREPASS",
    "nemonic", "NEMONIC", "erifier", "ERIFIER", "eaders", "LANGSMITH_", "LANGCHAIN_",
)  # fmt: skip
SUFFIXES = ("_base", "_data", "-data", ".data", "_prod", "_live", "_old", "_new", "_value", "2", "_2")
# Parts of the words for a password in other languages that are parts of no other word, and begin as few others do.
FOREIGN = (
    "ontrase", "ONTRASE", "ot de p", "ot_de_p", "ot-de-p", "ot.de.p", "otdep", "otDeP", "OT_DE_P", "OT DE P", "OT-DE-P",
    "ot-De-P", "Senha", "senha", "SENHA", "htwoord", "HTWOORD", "haslo", "Haslo", "HASLO", "senord", "SENORD", "gskode",
    "GSKODE", "lasana", "LASANA", "ifre", "IFRE", "heslo", "Heslo", "HESLO", "ennwort", "ENNWORT", "jelsz", "JELSZ",
)  # fmt: skip
NOT_LATIN = (
    "asł",
    "şifre",
    "пароль",
    "ПАРОЛЬ",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
)
TOKENS = (
    "sstoken",
    "thtoken",
    "shtoken",
    "ontoken",
    "idtoken",
    "pitoken",
    "ertoken",
    "-token",
    "-Token",
    "_token ",
    "_TOKEN ",
    "_KEY ",
    "-key",
    "-Key",
    "-KEY",
    "_key ",
    "pikey",
    "tekey",
    "sskey",
    "thkey",
    "eyData",
    "ey-Data",
    "ient_assertion",
    "ient-assertion",
    "ient.assertion",
    "ient-Assertion",
    "ientAssertion",
    "IENT_ASSERTION",
)
# Parameters of URLs, cookies of sessions, members of logins and of keys.
PARAMETERS = (
    "ignature=", "KeyId=", "sig=", "auth=", "auth\"", "auth'", "auth\\", "?code=", "&code=", "ode%3D", "essionid=",
    "SESSIONID=", "SESSID=", "connect.sid=", "pass=", "pass\"", "pass'", "pass:", "pass\\", "pass%", "kty\"", "kty'",
    "kty\\", "ssertion=", "SAMLResponse=",
)  # fmt: skip
# Options of programs, statements of SQL, and sentences.
STATEMENTS = (
    " -p", " -P ", " -a ", " -w ", " -u ", " -U", "--user", "--auth", "-user", "sqlplus", "dentified ", "DENTIFIED ",
    "oken is ", "ey is ",
)  # fmt: skip


def name_pieces() -> list[bytes]:
    """Every piece, once."""
    ends = chain(
        product(("oken", "OKEN", "key", "Key", "KEY"), ENDS),
        product(
            ("_pass", "-pass", ".pass", "Pass", "_PASS", "hrase", "HRASE", "keys", "Keys", "KEYS"), PASS_ENDS
        ),
    )
    pieces = (
        *WORDS,
        *TOKENS,
        *PARAMETERS,
        *STATEMENTS,
        *FOREIGN,
        *suffixed(),
        *not_latin(),
        *map("".join, ends),
    )
    return [*dict.fromkeys(piece.encode() for piece in pieces)]


def suffixed() -> Iterator[str]:
    """Names such as `secret_key_base` and `api_token_prod`."""
    for word, suffix in product(("key", "oken"), SUFFIXES):
        yield from (word + suffix, word.upper() + suffix.upper())


def not_latin() -> Iterator[str]:
    """The words in other letters, as they are and as JSON and URLs escape them: `\\u5bc6\\u7801`, `%E5%AF%86`."""
    for word in NOT_LATIN:
        in_json = json.dumps(word)[1:-1]
        yield from (word, word.upper(), in_json, in_json.upper().replace("\\U", "\\u"), quote(word))
