"""
How far a value reaches: to its closing quote, or to the end of a word, a header, or a part of a connection string.

Linear on any input: repetition is bounded or possessive.
"""

from __future__ import annotations

import re
from enum import Enum

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.randomness import is_no_word

NEAR = 256  # characters before a value in which the tag that it is in may begin


class Around(Enum):
    """What a word stands in, which decides how far it reaches."""

    TEXT = "text"
    LINE = "line"  # of a file of settings
    URL = "url"  # or a form: it is a parameter


QUOTE = re.compile(r"\\{0,15}[\"']")
CLOSING = {
    "\\" * depth + mark: re.compile(r"(?<!\\)" + r"\\" * depth + mark)
    for depth in range(16)
    for mark in "\"'`"
}
# A word ends where what follows may begin something else: another parameter, setting or member, a tag, a quote that
# closes what the word is in. In the middle of a word these signs are characters of a password.
NEXT_NAME = r"[\w.%-]{1,40}[=:]"
JOINED = (
    rf"|&(?!(?:amp;)?[\w.%\[\]-]{{1,40}}=|[&\s\"'<>\\]|\Z)|;(?![\w ]{{1,40}}=|[;\s\"'<>\\]|\Z)"
    rf"|,(?!{NEXT_NAME}|[\s\"'`\\)\]}}]|\Z)|\|(?!{NEXT_NAME}|[\s|]|\Z)|<(?![A-Za-z/!][^<>\r\n]{{0,80}}>)|>(?=\w)"
)
# A quote or a backslash that neither ends a text in quotes nor begins one or an escape.
PLAIN_SIGN = r"(?<![(\[{=,:])[\"']{1,2}(?=\w)|\\{1,15}(?![nrtbfux\"'`/\\]|\Z)"
IN_TEXT = rf"(?:[^\s&;,|\"'<>\\]{JOINED}|{PLAIN_SIGN})"
ON_LINE = rf"(?:[^\s&;,|<>]{JOINED})"  # on a line of its own, where no quote before the name can be closed
IN_URL = r"[^\s&;,\"'<>\\]"
WORDS = {
    Around.TEXT: re.compile(rf"{IN_TEXT}++"),
    Around.LINE: re.compile(rf"{ON_LINE}++"),
    Around.URL: re.compile(rf"{IN_URL}++"),
}
SCHEME = re.compile(r"(?i:bearer|basic|token|digest)[ \t]{1,4}(?=\S)")
LONGEST_JUDGED = 256  # characters of a value that are looked at to judge it
NOT_OF_WORD = frozenset(",;\"'`")  # at its end
COOKIES = re.compile(r"[^\r\n\"'\\]++")
# A part of a connection string may hold blanks: https://learn.microsoft.com/dotnet/api/system.data.common.dbconnectionstringbuilder
PART = re.compile(rf"(?:[^;\r\n\"'\\]|{PLAIN_SIGN}){{1,1024}}+")
NEXT = re.compile(r"\s{0,8},\s{0,8}b?(?=\\{0,15}[\"'])")
# `"old" -> "new"` of plans: https://developer.hashicorp.com/terraform/cli/commands/plan
CHANGE = re.compile(r"\s{0,8}(?:->|=>|\u2192)\s{0,8}(?=\\{0,15}[\"'])")
REST_OF_LINE = re.compile(
    r"[^\s\\](?:[^\s\\,]|,(?!\w{1,20}=)|[ \t]{1,8}(?![\[)}\s])|\\{1,15}(?![nrtbfux\"'`/\\]|\Z)){0,1024}+"
)
BLOCK = re.compile(
    r"(?P<indent>[ \t]{1,40})(?P<value>[^\r\n]{1,4096}+(?:\r?\n(?P=indent)[^\r\n]{0,4096}+){0,256}+)"
)
# 12 to 24 words of three to eight letters: https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
PHRASE = re.compile(r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}+(?![\w-])")
# The beginning of a literal that no single quote closes: `"""` of Python, Java, Kotlin, Swift and TOML, `[[` and `[=[`
# of Lua but no list of lists or of numbers, `%q(` of Ruby, `q{` of Perl.
LITERAL = re.compile(
    r"[bBrRfFuU]{0,2}(?P<triple>(?P<mark>\\{0,15}[\"'])(?P=mark){2})"
    r"|\[(?P<level>={0,8})\[(?![\"'\[:]|[\d\s.,-]{1,64}+\])|(?:%[qQ]|qq)(?P<round>\()|(?:%[qQ]|qq?)\{"
)
LONGEST_LITERAL = 4096
JOINT = re.compile(r"'\\{1,15}''|'\\{0,15}\"'\\{0,15}\"'")
MOST_JOINTS = 64  # of one text; one with more is a secret to its end
MOST_BRACKETS = 8
BRACKETS = {")": "(", "]": "[", "}": "{"}
# `Authorization: <scheme> <credentials>` or `<scheme> name=value, ...`: https://www.rfc-editor.org/rfc/rfc9110#section-11.4
AUTHORIZATION = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9-]{1,40}+)[ \t]{1,4}(?P<value>"
    r"(?:[\w-]{1,40}+=(?:\\{0,15}\"[^\"\\\r\n]{0,4096}+\\{0,15}\"|[^\s,;\"'\\]{1,4096}+)(?:,[ \t]{0,4})?){1,32}+"
    r"|[^\s,;\"'<>\\]{1,16384}+)"
)
SCHEMES = frozenset(
    {
        "acs3-hmac-sha256", "api-key", "api-token", "apikey", "aws", "aws4-hmac-sha256",
        "aws4-hmac-sha256-payload", "basic", "bearer", "bot", "deepl-auth-key", "digest", "discogs", "dpop",
        "geniekey", "gnap", "googlelogin", "hawk", "hmac", "jwt", "key", "klaviyo-api-key", "mac",
        "negotiate", "ntlm", "oauth", "private-token", "sharedaccesssignature", "sharedkey",
        "sharedkeylite", "signature", "snowflake", "splunk", "ssws", "tc3-hmac-sha256", "token", "vapid",
        "zoho-oauthtoken",
    }
)  # fmt: skip  # fmt: skip


def quoted_place(text: str, at: int) -> Place | None:
    """The place of the text in quotes that begins here, or None if none does."""
    quote = QUOTE.match(text, at)
    return (quote.end(), closing(text, quote[0], quote.end())) if quote else None


def closing(text: str, quote: str, start: int) -> int:
    """The end of a quoted text: the next quote of the same nesting, or the end of a text that was cut off."""
    end = first_closing(text, quote, start)
    for _ in range(MOST_JOINTS):
        joint = joint_at(text, quote, end) if end > start else 0
        if not joint:
            return end
        end = first_closing(text, quote, end + joint)
    return len(text)


def first_closing(text: str, quote: str, start: int) -> int:
    """The next quote of the same nesting that is not escaped, or the end of the text."""
    end = text.find(quote, start)
    if end > start and text[end - 1] == "\\":
        unescaped = CLOSING[quote].search(text, end)
        end = unescaped.start() if unescaped else -1
    return end if end >= 0 else len(text)


def joint_at(text: str, quote: str, end: int) -> int:
    """The length of what stands for a quote inside a text, as in `'ab''cd'` and, in a shell, `'ab'"'"'cd'`; else 0."""
    if text.startswith(quote, end + len(quote)):
        return 2 * len(quote)
    match = JOINT.match(text, end) if quote == "'" else None
    return len(match[0]) if match else 0


def literal_place(text: str, at: int) -> Place | None:
    """The place of the text in the literal of another form that begins here, or None if none does."""
    match = LITERAL.match(text, at)
    if match is None:
        return None
    start = match.end()
    end = text.find(closing_of(match), start, start + LONGEST_LITERAL)
    is_nested = match["level"] == "" and "[" in text[start : max(start, end)]
    return (start, end) if end > start and not is_nested else None


def closing_of(match: re.Match[str]) -> str:
    """What ends the literal of this beginning."""
    if match["triple"]:
        return match["triple"]
    if match["level"] is not None:
        return f"]{match['level']}]"
    return ")" if match["round"] else "}"


def quoted_values(text: str, quote: str, at: int, *, is_list: bool) -> list[Place]:
    """The place of the text in quotes that begins here; in a list, of each of its texts, and of what it becomes."""
    places = [(at, closing(text, quote, at))]
    following_text = NEXT if is_list else CHANGE
    while following := following_text.match(text, places[-1][1] + len(quote)):
        opened = QUOTE.match(text, following.end())
        if opened is None:
            break
        places.append((opened.end(), closing(text, opened[0], opened.end())))
    return places


def line_place(text: str, at: int) -> Place:
    """The place of a value that ends with its line, or before ` [`, ` )` and ` }`, which are of another one."""
    match = REST_OF_LINE.match(text, at)
    return match.span() if match else (at, at)


def block_place(text: str, at: int) -> list[Place]:
    """The place of the lines of a block of YAML, which are indented alike: https://yaml.org/spec/1.2.2/#81-block-scalar-styles"""
    match = BLOCK.match(text, at)
    return [match.span("value")] if match else []


def word_place(text: str, at: int, around: Around = Around.TEXT) -> Place:
    """The place of the word that begins here, behind a scheme if one is there."""
    scheme = SCHEME.match(text, at)
    return one_word(text, scheme.end() if scheme else at, around, len(text))


def short_word(text: str, at: int, around: Around = Around.TEXT) -> str:
    """The word that begins here, as far as is looked at to judge it."""
    start, end = one_word(text, at, around, at + LONGEST_JUDGED)
    return text[start:end].rstrip(".:)]}")


def one_word(text: str, at: int, around: Around, last: int) -> Place:
    """The place of the word that begins here and ends before `last`, without brackets that it does not open."""
    match = WORDS[around].match(text, at, last)
    if match is None:
        return at, at
    start, end = match.span()
    if ">" in match[0] and text.rfind("<", max(0, at - NEAR), at) > text.rfind(">", max(0, at - NEAR), at):
        end = text.index(">", start)  # of the tag that the word is in
    for _ in range(MOST_BRACKETS):
        if end > start and (text[end - 1] in NOT_OF_WORD or closes_another(text, start, end)):
            end -= 1
    return start, end


def closes_another(text: str, start: int, end: int) -> bool:
    """Whether the word ends in a bracket that it does not open."""
    return text[end - 1] in BRACKETS and text.find(BRACKETS[text[end - 1]], start, end) < 0


def plain_place(text: str, at: int) -> Place:
    """The place of a value in a command line, quoted or not."""
    return quoted_place(text, at) or word_place(text, at)


def credentials_place(text: str, at: int) -> Place | None:
    """The place of the credentials in the value of an Authorization header, or None if no scheme precedes any."""
    match = AUTHORIZATION.match(text, at)
    if match is None or not (match["scheme"].lower() in SCHEMES or is_no_word(match["value"])):
        return None
    return match.span("value")


def cookies_place(text: str, at: int) -> tuple[Place, int]:
    """The place of the cookies behind `Cookie: `, empty where no `=` follows, and how far the text was read for it."""
    match = COOKIES.match(text, at)
    if match is None:
        return (at, at), at
    return (match.span() if "=" in match[0] else (at, at)), match.end()
