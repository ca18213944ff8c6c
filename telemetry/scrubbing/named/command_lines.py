"""
Values in command lines: behind an option with a secret name, or behind the short option that a program has for one.

    --password ...   -Token ...   mysql -p...   redis-cli -a ...   curl -u user:...   smbclient -U user%...

The options are those of the programs' manuals, such as https://dev.mysql.com/doc/refman/8.4/en/connection-options.html
and https://curl.se/docs/manpage.html#-u.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import plain_place, quoted_place
from telemetry.scrubbing.names import is_secret

OPTION = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,64}+) {1,4}")
WORD = r"[^\s\"'\\;|&<>]"
ATTACHED = re.compile(rf" -p(?P<value>{WORD}{{1,256}}+)")
BEHIND = {letter: re.compile(rf" -{letter} {{1,4}}(?=[^\s-])") for letter in "paPw"}
USER = re.compile(
    rf" (?:-u|-U|--user|--proxy-user|-a|--auth)[ =]{{0,4}}\\{{0,15}}[\"']?"
    rf"[^\s:/\"'\\]{{0,128}}+:(?!//)(?P<value>{WORD}{{1,256}}+)"
)
SHARE = re.compile(rf" -U ?\\{{0,15}}[\"']?[^\s%\"'\\]{{1,128}}+%(?P<value>{WORD}{{1,256}}+)")
LOGIN_PASSWORD = re.compile(r" login\b[^\r\n]{0,200}? -p {1,4}(?=[^\s-])")
LOGIN = re.compile(r" [^\s/@\"'\\]{1,128}+/(?P<value>[^\s@\"'\\]{1,128}+)@")
PASS = re.compile(rf"\bpass:(?P<value>{WORD}{{1,256}}+)")
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
    "smbclient rpcclient": (SHARE,),
    "sqlplus exp imp impdp expdp": (LOGIN,),
    "openssl": (PASS,),
}
OPTIONS_OF = {name: options for names, options in PROGRAMS.items() for name in names.split()}
PROGRAM = re.compile(
    rf"(?<![\w.-])(?P<name>{'|'.join(sorted(OPTIONS_OF, key=len, reverse=True))})(?:\.exe)?(?= )"
)
LINE = re.compile(r"[^\r\n]{0,512}")


def options(text: str) -> Iterator[Place]:
    """The places of values behind `--name` and `-Name`."""
    return (plain_place(text, match.end()) for match in OPTION.finditer(text) if is_secret(match["name"]))


def program_options(text: str) -> Iterator[Place]:
    """The places of values behind the options of programs. Each program's line ends where the next program begins."""
    programs = list(PROGRAM.finditer(text))
    for number, program in enumerate(programs):
        line = LINE.match(text, program.end())
        end = line.end() if line else program.end()
        if number + 1 < len(programs):
            end = min(end, programs[number + 1].start())
        for option in OPTIONS_OF[program["name"]]:
            yield from option_values(text, option, program.end(), end)


def option_values(text: str, option: re.Pattern[str], start: int, end: int) -> Iterator[Place]:
    """The places of values behind one option between `start` and `end`."""
    for match in option.finditer(text, start, end):
        if "value" in option.groupindex:
            yield match.span("value")
        else:
            yield quoted_place(text, match.end()) or plain_place(text, match.end())
