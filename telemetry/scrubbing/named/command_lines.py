"""
Values in command lines behind the short option that a program has for a secret; behind.py reads those with a name.

    mysql -p...   redis-cli -a ...   curl -u user:...   smbclient -U user%...

The options are those of the programs' manuals, such as https://dev.mysql.com/doc/refman/8.4/en/connection-options.html
and https://curl.se/docs/manpage.html#-u.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from operator import itemgetter

from ahocorasick_rs import AhoCorasick, Implementation

from telemetry.scrubbing.areas import Area, contains, most_names
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import closing, plain_place
from telemetry.scrubbing.work import CANDIDATE, Work

ATTACHED = re.compile(r" -p(?=[^\s-])")
BEHIND = {letter: re.compile(rf" -{letter} {{1,4}}(?=[^\s-])") for letter in "paPwN"}
# User and password as one argument, in quotes or not.
USER = re.compile(
    r" (?:-[A-Za-z]{0,8}[uU]|--user|--proxy-user|-a|--auth)[ =]{0,4}(?P<quote>\\{0,15}[\"'])?"
    r"[^\s:/\"'\\]{0,128}+:(?!//)(?=\S)"
)
SHARE = re.compile(r" -U ?(?P<quote>\\{0,15}[\"'])?[^\s%\"'\\]{1,128}+%(?=\S)")
LOGIN_PASSWORD = re.compile(r" login\b[^\r\n]{0,200}? -p {1,4}(?=[^\s-])")
LOGIN = re.compile(r" [^\s/@\"'\\]{1,128}+/(?P<value>[^\s@\"'\\]{1,128}+)@")
PASS = re.compile(r"\bpass:(?=\S)")
PROGRAMS = {
    "mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlsh mariadb mariadb-dump 7z 7za rar unrar": (
        ATTACHED,
    ),
    "sshpass": (ATTACHED, BEHIND["p"]),
    "mongo mongosh mongodump mongorestore mongoexport mongoimport": (BEHIND["p"],),
    "rabbitmqadmin cqlsh": (BEHIND["p"],),
    "docker podman helm az oc cf": (LOGIN_PASSWORD,),
    "redis-cli valkey-cli": (BEHIND["a"],),
    "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd": (BEHIND["w"],),
    "sqlcmd bcp isql zip unzip": (BEHIND["P"],),
    "curl http https wget xh": (USER,),
    "mosquitto_pub mosquitto_sub mosquitto_rr": (BEHIND["P"],),
    "ssh-keygen": (BEHIND["N"], BEHIND["P"]),
    "smbclient rpcclient": (SHARE,),
    "sqlplus exp imp impdp expdp": (LOGIN,),
    "openssl": (PASS,),
}
OPTIONS_OF = {name: options for names, options in PROGRAMS.items() for name in names.split()}
PROGRAMS_FINDER = AhoCorasick(list(OPTIONS_OF), implementation=Implementation.DFA)
OPTION = re.compile(r" -{1,2}[A-Za-z]")
PROGRAM = re.compile(r"(?<![\w.-])(?P<name>[\w-]{2,16}+)(?:\.exe)?(?= )")
WITHOUT_DASH = {"sqlplus", "exp", "imp", "impdp", "expdp", "openssl"}
LINE_END = re.compile(r"[\r\n]")
LONGEST_LINE = 512
HIT = 4  # steps to look whether it is a word of its own


def programs_in(text: str, area: Area, work: Work) -> list[re.Match[str]]:
    """The names of such programs, as words of their own, in order."""
    find = partial(PROGRAMS_FINDER.find_matches_as_indexes, overlapping=True)
    hits = work.hits(find, text, area, HIT, LONGEST_LINE)
    starts = dict.fromkeys(map(itemgetter(1), hits))
    matches = (PROGRAM.match(text, start) for start in sorted(starts))
    return [match for match in matches if match and match["name"] in OPTIONS_OF]


def program_options(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of values behind the options of programs. Each program's line ends where the next program begins."""
    if not (OPTION.search(text) or "pass:" in text or ("/" in text and "@" in text)):
        return
    most = most_names(text)
    for count, (name, start, end) in enumerate(commands(text, area, work)):
        if count > most:
            yield 0, len(text)
            return
        work.take(4 * CANDIDATE + end - start)
        for option in OPTIONS_OF[name]:
            yield from option_values(text, option, start, end)


def commands(text: str, area: Area, work: Work) -> Iterator[tuple[str, int, int]]:
    """The names of the programs in the area that have options, and where these begin and end."""
    programs = programs_in(text, area, work)
    ends = [*(program.start() for program in programs[1:]), len(text)]
    for program, next_start in zip(programs, ends, strict=False):
        start, end = program.end(), min(next_start, program.end() + LONGEST_LINE)
        if contains(area, program.start()) and (
            program["name"] in WITHOUT_DASH or text.find(" -", start, end) >= 0
        ):
            line_end = LINE_END.search(text, start, end)
            yield program["name"], start, line_end.start() if line_end else end


def option_values(text: str, option: re.Pattern[str], start: int, end: int) -> Iterator[Place]:
    """The places of values behind one option between `start` and `end`."""
    for match in option.finditer(text, start, end):
        groups = match.groupdict()
        if groups.get("value"):
            yield match.span("value")
        elif groups.get("quote"):
            yield match.end(), closing(text, groups["quote"], match.end())
        else:
            yield plain_place(text, match.end())
