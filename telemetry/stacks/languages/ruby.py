"""
Ruby: backtraces of versions up to 3.3 and from 3.4 on, of templates, and of exceptions with causes.

Forms: https://docs.ruby-lang.org/en/master/Exception.html#method-i-full_message. Since 3.4 a method has its class
before it, and the quotes are the same: https://docs.ruby-lang.org/en/3.4/NEWS_md.html. Methods of templates are
numbered: https://github.com/rails/rails/blob/main/actionview/lib/action_view/template.rb (`method_name`).
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RaisedError, StackFrame, chained, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (":in `", ":in '", ':in "')
EXTENSIONS = (".rb", ".erb", ".haml", ".slim", ".rake", ".ru", ".jbuilder", ".builder", ".gemspec")
FILE = (
    r"(?P<file><internal:[^>\n]{1,100}>|\(\w{1,20}(?: at [^\n)]{1,300})?\)|(?:[A-Za-z]:)?[^\s:][^:\n]{0,400})"
)
FORM = re.compile(rf"^[ \t]{{0,20}}(?:\d{{1,5}}: )?(?:from )?{FILE}:\d{{1,9}}:in [`'\"]", re.M)
FRAME = re.compile(
    rf"[ \t]{{0,20}}(?:\d{{1,5}}: )?(?P<from>from )?{FILE}:(?P<line>\d{{1,9}})"
    r"(?::in [`'\"](?P<function>[^'\"\n]{1,300})['\"])?(?:: (?P<message>[^\n]{0,1500}))?$"
)
CLASS = re.compile(r"(?P<message>.*?) ?\((?P<type>[A-Z][\w:]{0,200})\)$")
INSIDE = re.compile(r"^(?:(?:block|rescue|ensure)(?: \(\d{1,3} levels\))? in )+")
TEMPLATE_METHOD = re.compile(r"^_{1,3}[\w]{1,300}_{2,3}\d{3,}_\d+$")
OWNERS = FileOwners(
    runtime=re.compile(
        r"^[<(]|/lib(?:64)?/ruby/(?:\d|site_ruby)(?!.{0,200}/gems/)|^org/jruby/|/truffleruby/|^-e$"
    ),
    library=re.compile(
        r"/lib/ruby/vendor_ruby/|/bundler/gems/|(?:^|/)s?bin/(?:bundle|rails|rake|rspec|puma|ruby|sidekiq)$"
    ),
    # https://rspec.info/features/3-13/rspec-core/, https://docs.seattlerb.org/minitest/
    test=re.compile(r"_(?:spec|test)\.rb$|(?:^|/)(?:spec|test)/"),
)


def read_ruby(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    sections: list[RaisedError] = []
    frames: list[list[StackFrame]] = []
    for line in lines_of(text):
        match = FRAME.match(line)
        if match is None or not (match["function"] or match["file"].endswith(EXTENSIONS)):
            continue
        named = CLASS.match(match["message"] or "")
        if not sections or (named and not match["from"]):
            sections.append(
                RaisedError(named["type"] if named else "", named["message"] if named else "", ())
            )
            frames.append([])
        frames[-1].append(StackFrame(match["function"] or "", match["file"], int(match["line"])))
    exceptions = [
        section._replace(frames=tuple(each)) for section, each in zip(sections, frames, strict=True)
    ]
    return chained(exceptions) if exceptions else None


def described_ruby(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its method, its owner and its key, the same in each version of Ruby."""
    function = INSIDE.sub("", frame.function)
    function = "" if TEMPLATE_METHOD.match(function) else function
    key = code_key(method_name(function), frame.file)
    return frame._replace(function=function, owner=OWNERS.owner_of(frame.file), key=key)


def method_name(function: str) -> str:
    """Return the method without its class: `total` for `Shop::Order#total`."""
    return re.split(r"[#.](?=.)", function)[-1] if not function.startswith("<") else function


READ, DESCRIBE = read_ruby, described_ruby
