"""
Passwords that a call is given by position: of functions whose name says that they take a user and then a password.

    HTTPBasicAuth("bob", "...")   auth=("bob", "...")   smtp.login("bob", "...")       the text behind the first one
    DriverManager.getConnection(url, "bob", "...")   new PDO(dsn, 'bob', '...')         the text behind two arguments

Sources: https://requests.readthedocs.io/en/latest/user/authentication/, https://pkg.go.dev/net/http#Request.SetBasicAuth,
https://pkg.go.dev/net/smtp#PlainAuth, https://docs.python.org/3/library/smtplib.html#smtplib.SMTP.login,
https://neo4j.com/docs/python-manual/current/connect-advanced/, https://www.php.net/manual/en/pdo.construct.php,
https://docs.oracle.com/en/java/javase/21/docs/api/java.sql/java/sql/DriverManager.html and
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/net/PasswordAuthentication.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import BLANK, OPENING, QUOTE
from telemetry.scrubbing.named.looks import is_key
from telemetry.scrubbing.named.values import quoted_values
from telemetry.scrubbing.work import CANDIDATE, Work

# The ends of the names of the functions, each with its bracket, and how many arguments stand before the password.
FUNCTIONS = {
    **dict.fromkeys(
        ("asicAuth(", "asic_auth(", "igestAuth(", "dAuthentication(", ".login(", "auth=(", "auth: (", "auth=basic("), 1
    ),
    **dict.fromkeys(("PlainAuth(", "getConnection(", "mysqli_connect(", "new mysqli(", "new PDO("), 2),
}  # fmt: skip
ARGUMENT = rf"(?:{QUOTE}[^\"'`\\\r\n]{{0,256}}+{QUOTE}|[\w.$]{{1,64}}+)"
ARGUMENTS = {
    count: re.compile(rf"(?:{BLANK}{{0,8}}{ARGUMENT}{BLANK}{{0,8}},){{{count}}}{OPENING}(?P<quote>{QUOTE})")
    for count in (1, 2)
}
# What the search of suspicion.py wants behind the end of such a name.
CALLED = re.compile(rb",\s{0,8}[\w.(]{0,40}\\{0,15}[\"'`]")


def given_in_order(text: str, work: Work) -> Iterator[Place]:
    """The places of passwords in such calls. Raises Spent."""
    for function, count in FUNCTIONS.items():
        at = text.find(function)
        while at >= 0:
            work.take(2 * CANDIDATE)
            at += len(function)
            arguments = ARGUMENTS[count].match(text, at)
            if arguments:
                start, end = quoted_values(text, arguments["quote"], arguments.end(), is_list=False)[0]
                if is_key("password", text[start:end]) and " " not in text[start:end]:
                    yield start, end
            at = text.find(function, at)
