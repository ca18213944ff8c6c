"""
The part of a message that names the cause, without what transports, frameworks and support pages put around it.

Each rule goes by the form of a text, whichever client wrote it:

- An object in the message, as JSON or as a language prints it, stands for its error text
  (https://www.rfc-editor.org/rfc/rfc9457.html, https://google.aip.dev/193, https://www.jsonrpc.org/specification#error_object).
  What is before it stays, unless it states a status or names a class of a framework: then it says how the answer came.
- A status in front of a text is the transport's.
- An exception that another one was caused by (`(Caused by X("..."))`, `caused by: ...`) is the cause.
- A stack is no text: the message ends where its frames begin. A client that joins message and stack has the text twice.
- The statement that a database was asked is no cause. A sentence that only points to a page, or gives the id of a
  request to support, names nothing, nor does advice at the end, such as `Please try again in 20s.`
"""

from __future__ import annotations

import re

from diagnosis.issues.titles.class_heads import HEAD, SAYS_NOTHING, last_name
from diagnosis.issues.titles.error_objects import error_text, without_objects
from telemetry.failures.fault import MAX_MESSAGE

STACK = re.compile(
    r" at (?:async |new )?[\w$.<>\[\]/]++(?: \[as \w++\])? \((?:file:|node:|/|[A-Za-z]:\\)"
    r"| at (?:async )?(?:file|node|https?):\S{1,200}:\d"
    r"| at [\w$.<>/]++\((?:[\w$-]++\.(?:java|kt|scala|groovy):\d|Native Method|Unknown Source)"
    r"| at [\w.`<>\[\],+]++\([^()]*+\) in \S"
    r"| Traceback \(most recent call last\):| goroutine \d{1,9} \["
    r"| (?:in \S{1,120}:\d{1,9} )?Stack trace: #0 "
)
STATUS = r"(?:HTTP(?:/\d(?:\.\d)?)? |(?:[Ee]rror|[Ss]tatus)(?: ?[Cc]ode)?[:=]? ?)?([45]\d\d)"
STATUS_HEAD = re.compile(
    rf"{STATUS}(?: [A-Z][A-Z_]{{3,40}}\.?)?(?:(?: -|[:.,]) (?=\S)| (?=[A-Z{{\[\"'])|(?<=\D\d\d\d) (?=\S))"
)
STATUS_IN_BRACKETS = re.compile(r"(?<!\S)https?://\S{1,200} \[[45]\d\d [A-Z][\w ]{2,40}\] (?=\S)")
TRANSPORT = re.compile(rf"(?<![\w.]){STATUS}(?![\w.])|<class '[\w.]{{1,200}}'>")
POINTER = re.compile(
    r"(?:(?<=[.!?;)\]] )|(?<=['\"] )|^)"
    r"(?:For (?:more|further|help|details|additional)|On how to|See|Please (?:see|refer|visit|check|consult|read)"
    r"|Refer to|Read more|Learn more|To learn more|More (?:info|details|help)|Visit|Troubleshooting"
    r"|Documentation|Docs|Help|Check|Go to|You can (?:find|read|learn|view|get)|for (?:help|more|details),? see|see)\b"
    r"[^.!?<>{}]{0,100}?https?://\S{1,300}(?: for [\w ,-]{1,80}\.)?",
)
TYPE_POINTER = re.compile(
    r"(?:^|(?<=[.!?;] ))[Ff]or (?:more )?(?:help|information|details),? (?:see|type|run|try) [^.!?]{1,100}\.?$"
)
# Sentences at the end that ask for patience or give advice: who reads a title wants to know what happened.
ADVICE = re.compile(
    r"(?<=[.!?;] )(?:(?:Please|Sorry|Kindly|Try|Consider|Note:|Note that|Hint:|Tip:|Contact"
    r"|If (?:you|this|the problem)\b)[^.!?:]{0,200}+(?:[.!?](?=\S)[^.!?:]{0,200}+){0,4}+[.!?]? ?){1,4}+$"
)
BRACKETED_POINTER = re.compile(r" ?\([^()]{0,80}https?://[^()\s]{1,200}\)$")
STATEMENT = re.compile(r" ?\[(?:SQL|parameters): [^\[\]]{0,400}\]")
CLASS_IN_BRACKETS = re.compile(r"^(?:\*\* )?\([A-Za-z]\w{0,60}(?:\.\w{1,60}){1,5}\) (?=\S)")
REQUEST_ID = re.compile(r" ?[(\[][^()\[\]]{0,80}[Rr]equest[ _-]?[Ii][Dd][^()\[\]]{1,120}[)\]]")
CAUSED = re.compile(r"\(?(?:[Cc]aused by:?|nested exception is) (?=\S)")
REPR_HEAD = re.compile(r"^<?[A-Z]\w{2,60}\((?:[^()]{0,200})\)>?: (?=\S)")
ARGUMENTS = re.compile(r"^[A-Za-z_.]{0,80}\((['\"])")
WRAPPED = re.compile(r"(?<=[.)\]}] )\w{0,60}(?:Error|Exception): (?=\S)")
POINTING = (REQUEST_ID, BRACKETED_POINTER, STATEMENT, POINTER, TYPE_POINTER, ADVICE)
LEAST_REPEATED = 8  # characters
SPACES = re.compile(r"\s+")


def cause_text(message: str) -> str:
    """The shortest part of the message that names the cause, in one line; the message where no part does."""
    text = without_stack(SPACES.sub(" ", message).strip())
    for rule in RULES:
        text = rule(text).strip() or text
    return text


def last_status(message: str) -> str:
    """The status that the message begins with, such as `429` of `Error code: 429 - ...`; "" without one."""
    head = STATUS_HEAD.match(message)
    return head[1] if head else ""


def without_stack(text: str) -> str:
    """The text before the frames of a stack; where it is there twice, with a class between, the class and the text."""
    stack = STACK.search(text)
    said = text[: stack.start()] if stack else text
    for head in HEAD.finditer(said):
        before, behind = said[: head.start()].strip(), said[head.end() :].strip()
        is_cut = len(text) >= MAX_MESSAGE and before.startswith(behind)  # the second text lacks its end then
        if len(behind) >= LEAST_REPEATED and (behind == before or is_cut):
            name = "" if last_name(head[1]) in SAYS_NOTHING else f"{head[1]}: "
            return f"{name}{before}"
    return said


def text_of_object(text: str) -> str:
    """The error text of an object in the message, behind what was said before it; other objects as `{…}`."""
    found = error_text(text)
    if not found:
        return without_objects(text)
    before = text[: found.start].rstrip(" -:,([\"'")
    is_field = " " not in before  # `body: {...}`
    if is_field or TRANSPORT.search(before) or POINTER.search(before):
        return found.text
    return f"{before}: {found.text}"


def text_of_arguments(text: str) -> str:
    """The first of an exception's arguments, of a message that is their tuple: `("no answer", 5)`."""
    quote = ARGUMENTS.match(text)
    if not quote:
        return text
    inner = text[quote.end() :]
    return (
        inner.partition(quote[1])[0] if inner.rstrip(" )").endswith(quote[1]) or quote[1] in inner else inner
    )


def text_of_cause(text: str) -> str:
    """What an exception was caused by, if the message ends with it."""
    cause = list(CAUSED.finditer(text))
    if not cause:
        return text
    inner = (
        text[cause[-1].end() :].removesuffix(")") if cause[-1][0].startswith("(") else text[cause[-1].end() :]
    )
    return text_of_arguments(inner)


def without_pointers(text: str) -> str:
    """The text without sentences that only point to a page, and without ids for support."""
    for pattern in POINTING:
        text = pattern.sub("", text).strip()
    return SPACES.sub(" ", text)


def without_framework(text: str) -> str:
    """The text behind the class of a framework and a status: `<class 'x.Client'> failed: Error code: 429 - ...`."""
    found = list(TRANSPORT.finditer(text))
    if not found or not found[0][0].startswith("<class"):
        return text
    return text[found[-1].end() :].lstrip(" -:.,") or text


def without_status(text: str) -> str:
    """The text behind a status."""
    in_brackets = STATUS_IN_BRACKETS.search(text)
    head = STATUS_HEAD.match(text)
    return text[in_brackets.end() :] if in_brackets else text[head.end() :] if head else text


def without_repr(text: str) -> str:
    """The text behind a printed object or a class: `HTTPConnection(host='stock', port=80): refused`, `(x.Error) no`."""
    head = REPR_HEAD.match(text) or CLASS_IN_BRACKETS.match(text)
    return text[head.end() :] if head else text


def text_of_wrapped(text: str) -> str:
    """The text behind the last class in a message, where a sentence about the call is before it."""
    heads = list(WRAPPED.finditer(text))
    return text[heads[-1].start() :] if heads else text


RULES = (
    text_of_object,
    text_of_arguments,
    without_framework,
    text_of_cause,
    without_pointers,
    text_of_wrapped,
    without_repr,
    without_status,
)
