"""
Forms of version 3 of fingerprints for messages that hold pairs of keys and values: `flags=0x1 name=android uid=1041`.

logfmt: https://brandur.org/logfmt. Its keys for text: https://pkg.go.dev/log/slog#pkg-constants and
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/migration-to-structured-logging.md,
where the message comes first, in quotes. gRPC: `rpc error: code = NotFound desc = "..."`. nginx puts its facts behind
a comma each: https://nginx.org/en/docs/ngx_core_module.html#error_log
"""

from __future__ import annotations

import re

from telemetry.grouping.message_template import LITERAL, PLACEHOLDER, PlaceholderRule, placeholder_rule

# What a pair has in quotes behind these keys is a message of its own, not a value.
TEXT_KEYS = "msg|message|err|error|desc|description|reason|cause|detail"
TEXT = r"\"((?:[^\"\\]|\\.)*+)\""
# Keys whose values name something outside of the program. What a state, an error or an action is stays, and which user:
# a system's own accounts, such as root, are told apart.
NAME_KEY = re.compile(
    r"[\w.-]*(?:name|host|node|pod|container|client|addr|address|path|file|image|namespace|package|topic|tenant|customer"
    r"|account|owner|session|group|cluster|(?-i:(?<=[a-z])I[Dd]))|(?:[\w.-]*[._-])?"
    r"(?:pkg|ip|peer|[er]?uid|[er]?gid|acct|comm|exe|id)",
    re.I,
)
PAIR = r"[\w.-]++=[^\s=,;()]*+"
SEPARATORS = re.compile(r"([ ,;]+)")
SHOWN_BEHIND_COMMAS = "client|server|host|peer|upstream|remote|local"


def masked_names(match: re.Match[str]) -> str:
    """Return the pairs with PLACEHOLDER for the values of names, also of empty ones."""
    parts = SEPARATORS.split(match[0])
    return "".join(part if number % 2 else masked_name(part) for number, part in enumerate(parts))


def masked_name(pair: str) -> str:
    """Return the pair without its value if that is a name."""
    key, equals, _ = pair.partition("=")
    return f"{key}={PLACEHOLDER}" if equals and NAME_KEY.fullmatch(key) else pair


# Before quoted texts are left out.
TEXTS_OF_PAIRS: tuple[PlaceholderRule, ...] = (
    placeholder_rule('=" =', rf"\b({TEXT_KEYS})( ?= ?){TEXT}", r"\1\2\3", re.I, TEXT_KEYS.replace("|", " ")),
    placeholder_rule('" =', rf"^{TEXT}(?= [\w.]++=)", r"\1"),
)
NAMES_IN_PAIRS: tuple[PlaceholderRule, ...] = (
    placeholder_rule("=[", r"=\[[^\[\]]*+\]", f"={PLACEHOLDER}"),
    placeholder_rule("(null)", r"\(null\)"),
    placeholder_rule(": null : nil : None", r"(?<=: )(?:null|nil|None)(?=[,;)\]}])"),
    placeholder_rule("=", rf"(?<![\w.-]){PAIR}(?:[ ,;]++{PAIR})++", masked_names, fewest=2),
    placeholder_rule(
        ",",
        rf"(?<=, )((?:{SHOWN_BEHIND_COMMAS})(?:[ _](?:addr|address|name|ip))?: )[^\s,{PLACEHOLDER}{LITERAL}]++(?=,|$)",
        rf"\1{PLACEHOLDER}",
        words=SHOWN_BEHIND_COMMAS.replace("|", " "),
    ),
    placeholder_rule(", referrer: ", rf", referrer: {PLACEHOLDER}", ""),
)
