"""
JavaScript and TypeScript in every engine: V8 (Chrome, Node, Deno), JavaScriptCore (Safari, Bun), SpiderMonkey, Hermes.

V8: https://v8.dev/docs/stack-trace-api. Firefox and Safari: `function@file:line:column`, with `cause*` before what was
called later, https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Error/stack. Hermes:
https://github.com/facebook/react-native/blob/main/packages/react-native/Libraries/Core/Devtools/parseHermesStack.js.
`[cause]` and `[errors]` as Node prints them: https://nodejs.org/api/util.html#utilinspectobject-options
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import (
    LIBRARY,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    chained,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.bundle_names import HASH, MINIFIED, stable_name
from telemetry.stacks.places import is_in_library, slashed, without_builds

BEFORE = ("plain",)
MARKS = ("at ", "@", "://")
EXTENSIONS = (
    ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro", ".jsbundle", ".bundle",
    ".hbc", ".html", ".wasm",
)  # fmt: skip
POSITION = r":(?P<line>\d{1,9}):(?P<column>\d{1,9})"
NATIVE = "<native>"  # stands for the file of engine code
NO_FILE = r"native|<anonymous>|\[native code\]|unknown|index \d{1,6}"
FORM = re.compile(
    r"^[ \t]{0,40}at (?:[^\n]{1,600}?:\d{1,9}:\d{1,9}\)?[ {]{0,3}$|[^\n(]{1,300}\((?:native|<anonymous>)\))"
    r"|^[^\n@]{0,300}@(?:[^\s@][^\n]{0,700}:\d{1,9}|\[native code\])$"
    r"|^[a-z][\w.+-]{1,30}://[^\s]{1,600}:\d{1,9}:\d{1,9}$",
    re.M,
)
# V8 and Hermes. The place is what stands in the last parentheses, or all of it where there are none.
AT = re.compile(
    r"[ \t]{0,40}at (?:async )?(?:(?P<function>[^(\n]{1,300}?) \()?(?P<place>[^\n]{1,900}?)\)?[ {]{0,3}$"
)
PLACE = re.compile(rf"(?:address at )?(?:(?P<file>[^\n]{{1,700}}?){POSITION}|(?P<none>{NO_FILE}))$")
EVAL = re.compile(r"eval at [^(\n]{1,200}\((?P<inner>[^()\n]{1,600}:\d{1,9}:\d{1,9})\)")
# Firefox and Safari. No name has a space in it, but what caused a later call may, such as `promise callback*`.
SIGN = re.compile(
    r"(?:[\w.]{1,40}(?: [\w.]{1,40}){0,3}\*)?(?P<function>[^\s@]{0,300}|(?:global|module|eval) code)"
    r"@(?P<place>\S{1,700}(?: line \d{1,9} > [\w:]{1,40}){0,4}|\[native code\])$"
)
SIGN_PLACE = re.compile(
    r"(?:(?P<file>[^\n]{1,800}?):)?(?P<line>\d{1,9})(?::(?P<column>\d{1,9}))?$|(?P<none>\[native code\]$)"
)
BARE = re.compile(rf"(?P<file>[a-z][\w.+-]{{1,30}}://\S{{1,600}}?){POSITION}$")
EVAL_OF_FIREFOX = re.compile(r"^(?P<file>\S{1,600}?) line \d{1,9} > (?:eval|Function)")
HEADER = re.compile(
    r"(?P<indent>[ \t]{0,40})(?:(?P<cause>\[cause\]|\[errors\]|[Cc]aused [Bb]y): )?(?:Uncaught )?"
    r"(?P<type>[A-Za-z_$][\w$.]{0,200})(?: \[[\w$]{1,80}\])?(?:: (?P<message>.*))?$"
)
RUNTIME_FILE = re.compile(
    r"^(?:node|bun|deno|ext|internal|native|chrome|resource):|^(?:internal|electron)/|^<|^evalmachine\.<"
    r"|InternalBytecode\.js|webpack/(?:bootstrap|runtime)"
)
# The modules of Node before 14, when they had no `node:`.
NODE_FILES = frozenset(
    {"module.js", "events.js", "net.js", "fs.js", "timers.js", "vm.js", "_stream_readable.js", "_http_server.js",
     "_http_client.js", "bootstrap_node.js", "domain.js", "zlib.js", "dns.js", "tls.js", "assert.js"}
)  # fmt: skip
LIBRARY_FILE = re.compile(
    r"^(?:chrome|moz|safari|safari-web|edge)-extension://|^webkit-masked-url://|^(?:npm|jsr):|/\.(?:npm|deno)/"
    r"|//(?:cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|esm\.sh|deno\.land|jsr\.io|ajax\.googleapis\.com"
    r"|code\.jquery\.com)/"
    r"|(?:^|/)(?:(?:chunk-)?vendors?|polyfills?|framework)(?:[.~-][^/]{0,200})?\.m?js$"
    r"|(?:^|/)[\w.-]{1,60}\.production(?:\.min)?\.js$|(?:^|/)jquery[\w.-]{0,40}\.js$"
)
# https://jestjs.io/docs/configuration#testmatch-arraystring, and the folder of its doubles
TEST_FILE = re.compile(r"\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?$|/__(?:tests|mocks)__/")
SCHEME_AND_HOST = re.compile(r"^(?:[a-z][\w.+-]{0,30}:/{2,3}[^/]{0,200}/|[A-Za-z]:/)")
NAMELESS = frozenset(
    {
        "anonymous",
        "eval",
        "global",
        "global code",
        "module code",
        "eval code",
        "callee",
        "unknown",
        "native",
        "code",
    }
)


def read_javascript(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    sections: list[RaisedError] = []
    frames: list[StackFrame] = []
    header = ("", "")
    for line in lines_of(text):
        if frame := script_frame(line):
            frames.append(frame)
        elif (match := HEADER.match(line)) and (match["cause"] or not (frames or sections or header[0])):
            if match["cause"]:
                sections.append(RaisedError(*header, tuple(frames)))
                frames = []
            header = match["type"], match["message"] or ""
    sections.append(RaisedError(*header, tuple(frames)))
    return chained(sections) if any(section.frames for section in sections) else None


def script_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    if match := AT.match(line):
        return frame_of_v8(match["function"] or "", match["place"])
    if "@" in line and (match := SIGN.match(line)):
        place = SIGN_PLACE.match(match["place"])
        return placed(match["function"], place) if place and is_of_code(place) else None
    match = BARE.match(line)
    return placed("", match) if match else None


def is_of_code(place: re.Match[str]) -> bool:
    """Whether a place behind `@` is a file, none, or engine code, and not a host as in `user@host:22`."""
    file = place["file"] or ""
    return not file or "/" in file or file.endswith(EXTENSIONS)


def frame_of_v8(function: str, place: str) -> StackFrame | None:
    """Return the frame of V8 or Hermes; None if the place is none, as in stacks of other languages."""
    if evaluated := EVAL.match(place):
        place = evaluated["inner"]
    match = PLACE.match(place)
    if match is None or (not function and match["none"] not in (None, "<anonymous>")):
        return None
    return placed(function, match)


def placed(function: str, place: re.Match[str]) -> StackFrame:
    """Return the frame at the place that was matched."""
    groups = place.groupdict()
    file = NATIVE if groups.get("none") else (groups["file"] or "").removeprefix("file://")
    evaluated = EVAL_OF_FIREFOX.match(file)
    name = function.removeprefix("async ").removeprefix("new ").partition(" [as ")[0]
    return StackFrame(name, evaluated["file"] if evaluated else file, number_or_none(groups["line"]))


def described_javascript(frame: StackFrame) -> StackFrame:
    """
    Return the frame with its owner and key.

    Engines name receivers in different ways (`Cart.total`, `total`, `Cart.prototype.total`), so the last name counts.
    """
    name, place = last_name(frame.function), stable_place(frame.file)
    is_minified = HASH in place and len(name) <= MINIFIED
    return frame._replace(
        owner=script_owner(frame.file), key=without_builds(f"{'' if is_minified else name} {place}".strip())
    )


def last_name(function: str) -> str:
    """Return the function's own name without receivers and outer functions; "" for one that nobody named."""
    if function.endswith(("<", ">", "?")):
        return ""
    name = re.split(r"[./\s#]", function)[-1]
    return "" if name.lower() in NAMELESS else name


def stable_place(file: str) -> str:
    """Return the file's folder and name without host, query, and hashes of a build."""
    path = SCHEME_AND_HOST.sub("", slashed(file).partition("?")[0].partition("#")[0])
    folders, _, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    stem = stable_name(stem if dot else name, folders)
    folder = stable_name(folders.rpartition("/")[2])
    return f"{folder}/{stem}{dot}{extension if dot else ''}".lstrip("/")


def script_owner(file: str) -> str:
    """Return whose code the file holds."""
    path = slashed(file)
    if file in NODE_FILES or RUNTIME_FILE.search(path):
        return RUNTIME
    if LIBRARY_FILE.search(path) or is_in_library(path):
        return LIBRARY
    return TEST if TEST_FILE.search(path) else OWN


READ, DESCRIBE = read_javascript, described_javascript
