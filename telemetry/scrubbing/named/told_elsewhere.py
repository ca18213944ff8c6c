"""Values that stand apart from their names: in another attribute of an element, in what an error quotes, in a call."""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named import glue
from telemetry.scrubbing.named.in_code import call_values
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.values import quoted_values

TAG = re.compile(r"(?::[\w-]{1,40}+)?<")  # read backwards: `<`, `<ns:`


def told_elsewhere(text: str, name: Name, has_tags: bool) -> list[Place] | None:
    """The value in an attribute of the element, in the error of a library, or in that of a database."""
    match = glue.refused_input(text, name.end)
    if match is None and has_tags and is_named_by_tag(name):
        match = glue.value_attribute(text, name.end)
    if match:
        return quoted_values(text, match["quote"], match.end(), is_list=False)
    if detail := glue.key_detail(text, name.end):
        return [detail.span("value")]
    return call_values(text, name) or None


def is_named_by_tag(name: Name) -> bool:
    """Whether the name is that of an element, or the value of an attribute that names one."""
    backwards, before = name.backwards, name.before
    return bool(TAG.match(backwards, before) or glue.is_listed_name(backwards, before))
