r"""
What programs print before each line of what they show, which a reader leaves out.

    12\t- name: PASSWORD      app.yml:12:...       +ENV PASSWORD ...          cat -n, grep -n, diff
    web-1  | PASSWORD=...     [pod/web-1/app] ...                             docker compose, kubectl --prefix
    2026-11-30T05:01:41Z INFO app: ...    Nov 30 05:01:41 host web[123]: ...  loggers, journald, klog, CRI

Sources: https://docs.docker.com/reference/cli/docker/compose/logs/, https://kubernetes.io/docs/reference/kubectl/,
https://www.rfc-editor.org/rfc/rfc3339, https://www.rfc-editor.org/rfc/rfc3164#section-4.1,
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/logging.md (klog) and
https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.escapes import Edit
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.work import Work

CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?"
TIME = rf"(?:\d{{4}}[-/]\d\d[-/]\d\d[T ]|[A-Z][a-z]{{2}} [ \d]\d )?{CLOCK}"
LEVEL = r"(?:(?i:trace|debug|info|notice|warn|warning|error|fatal|critical)|[IWEF]\d{4}(?= \d\d:))"
PROCESS = r"(?:[\w.-]{1,64}+ )?[\w./-]{1,64}\[\d{1,8}\]:"
CONTAINER = r"[\w./-]{1,64}+[ \t]{1,40}\|"
IN_BRACKETS = r"\[[\w./:@+, -]{1,80}\]"
SOURCE = r"\d{1,8} [\w.-]{1,80}+:\d{1,6}\]"  # of klog: thread, file and line
STREAM = r"std(?:out|err) [FP]"
PART = rf"(?:{CONTAINER}|{IN_BRACKETS}|{TIME}|{LEVEL}:?|{PROCESS}|{SOURCE}|{STREAM})(?=[ \t]|$)"
OF_LOG = rf"(?P<log>{PART}(?:[ \t]{{1,8}}{PART}){{0,5}}(?:[ \t]-)?(?:[ \t]|$))"
NUMBERED = (
    r"(?:[ \t]{0,8}\d{1,6}(?:\t|\\{1,15}t|\u2192|[:|] ?)|[+-](?![+-])|(?!\d)[\w./-]{1,80}+:\d{1,6}[:-])"
)
FIRST = re.compile(rf"{OF_LOG}|{NUMBERED}", re.M)
FURTHER = re.compile(rf"[\n\\](?:(?<=\n)|n)(?:{OF_LOG}|{NUMBERED})", re.M)
LOGGER = re.compile(r"[ \t]{0,8}[A-Za-z_][\w.$-]{0,80}+(?::| -)(?: |$)", re.M)
# What a line of a file of settings, a table or a key begins with; a message of a log needs no other line to be read.
OF_A_FILE = re.compile(
    r"[ \t]{0,40}(?:-[ \t]|[\"'{\[]|[\w.-]{1,64}+[\"']?(?:[ \t]{0,40}(?::[ \t\r\n]|:\\|[ \t]=|[ \t]{2}\w)|[,;\t]\w)"
    r"|machine |-----BEGIN |\$ANSIBLE_VAULT|Private-Lines)"
)
FEWEST = 2  # lines that begin so; a single one is read as it is


def before_lines(text: str, work: Work) -> Iterator[Edit]:
    """What stands before the lines of a text of several, if that is the work of a program. Raises Spent."""
    if "\n" not in text and "\\n" not in text:
        return
    first = FIRST.match(text)
    matches = [*([first] if first else []), *FURTHER.finditer(text)]
    work.take(2 * len(matches))
    for match in matches:
        if match["log"] is None:
            yield match.start() + beginning(match), match.end(), ""
    yield from of_log([match.span("log") for match in matches if match["log"] is not None], text)


def beginning(match: re.Match[str]) -> int:
    """How many characters of the match are the end of the line before: `\\n`, a newline, or none at its beginning."""
    return 2 if match[0][:2] == "\\n" else int(match[0][:1] == "\n")


def of_log(places: list[Place], text: str) -> Iterator[Edit]:
    """What a logger prints before its lines: also its own name, if that is the same before all of them."""
    if len(places) < FEWEST:
        return
    loggers = [LOGGER.match(text, end) for _, end in places]
    if all(loggers) and len({logger[0] for logger in loggers if logger}) == 1:
        places = [(start, logger.end()) for (start, _), logger in zip(places, loggers, strict=True) if logger]
    if any(OF_A_FILE.match(text, end) for _, end in places):
        yield from ((start, end, "") for start, end in places)
