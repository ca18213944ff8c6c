"""
The inputs and outputs that clients record: JSON in a string, JSON in JSON, numbered attributes, Python reprs.

Lenient: what cannot be read stays as it was sent. Used when a record is read, and for the results of tools.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from telemetry.python_literal import literal_as_json
from telemetry.spans.attribute_lookup import Attributes, first_present

MAX_LITERAL = 20_000  # characters; reading them takes ten times as long as JSON
MAX_DEPTH = 12  # of dotted names; deeper ones are dropped
MOST_PARTS = 500  # of an answer, lists and texts
PLACEHOLDER = re.compile(r"<[A-Za-z_ ]{1,30}>|\[[A-Z_ ]{1,30}\]")
LONGEST_PLACEHOLDER = 32
WRAPPERS = ("message", "tool_call", "message_content", "document")


def parsed(value: Any) -> Any:
    """The JSON (or Python literal) inside a string; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "[", '"'):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return literal(value)


def literal(text: str) -> Any:
    """A Python repr of plain data, or the text: of sets, bytes and other things that JSON does not have, too."""
    if len(text) > MAX_LITERAL:
        return text
    try:
        return orjson.loads(literal_as_json(text))
    except ValueError:
        return text


def recorded_content(attributes: Attributes, names: tuple[str, ...]) -> Any:
    """The first value under these names that is neither empty nor a placeholder; None without one."""
    value = first_present(attributes, names)
    return None if isinstance(value, str) and is_placeholder(value) else value


def is_placeholder(text: str) -> bool:
    """Whether the text is what clients write where content is switched off: `<REDACTED>`, `[REDACTED]`, `<elided>`."""
    return len(text) <= LONGEST_PLACEHOLDER and PLACEHOLDER.fullmatch(text) is not None


def metadata(attributes: Attributes) -> dict[str, Any]:
    """The application's own facts in the JSON attribute `metadata`; {} without one."""
    facts = parsed(attributes.get("metadata"))
    return facts if isinstance(facts, dict) else {}


def numbered_objects(attributes: Attributes, prefix: str) -> list[Any] | None:
    """`prefix.0.role`, `prefix.0.content`, ... as a list of objects; None when there are none."""
    named = [name for name in attributes if name.startswith(prefix)]
    if not named:
        return None
    root: dict[str, Any] = {}
    for name in named:
        insert(root, name[len(prefix) :].split(".")[:MAX_DEPTH], attributes[name])
    listed = as_lists(root)
    return listed if isinstance(listed, list) and listed else None


def insert(node: dict[str, Any], path: list[str], value: Any) -> None:
    """Put the value at that path; a deeper name replaces a leaf in its way."""
    for part in path[:-1]:
        child = node.get(part)
        if not isinstance(child, dict):
            child = node[part] = {}
        node = child
    node[path[-1]] = value


def as_lists(node: Any) -> Any:
    """The node with each object whose keys are all numbers as a list, in the order of the numbers."""
    if not isinstance(node, dict):
        return node
    if node and all(key.isdecimal() for key in node):
        return [unwrapped_item(as_lists(node[key])) for key in sorted(node, key=lambda key: (len(key), key))]
    return {key: as_lists(item) for key, item in node.items()}


def unwrapped_item(item: Any) -> Any:
    """The item out of the object of one key (`message`, `tool_call`) that OpenInference puts around it."""
    if isinstance(item, dict) and len(item) == 1:
        (name,) = item
        return item[name] if name in WRAPPERS else item
    return item


def answer_texts(value: Any) -> str:
    """The texts of what a model answered, however deep they stand, one after the other."""
    parts, texts = [parsed(value)], []
    for number, part in enumerate(parts):
        if number >= MOST_PARTS:
            break
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list | dict):
            parts += part.values() if isinstance(part, dict) else part
    return "\n".join(texts)


def tool_result(value: Any) -> Any:
    """The result of a tool, out of the message objects that frameworks wrap around it."""
    if value is None:
        return None
    for _ in range(MAX_DEPTH):
        content = parsed(value)
        inner = wrapped(content)
        if inner is None and (content is value or not isinstance(content, str)):
            return content
        value = content if inner is None else inner
    return value


def wrapped(value: Any) -> Any:
    """The content of a tool message, or None when the value is the result itself."""
    if isinstance(value, list) and len(value) == 1 and is_text_part(value[0]):
        return value[0]["text"]
    if not isinstance(value, dict) or reports_error(value):
        return None
    if len(value) == 1 and next(iter(value)) in ("output", "result", "response", "content"):
        return next(iter(value.values()))
    if "raw_output" in value and "tool_name" in value:  # LlamaIndex
        return value["raw_output"]
    if value.get("type") in ("tool", "constructor") or "tool_call_id" in value:
        return next((value[name] for name in ("data", "kwargs", "content") if value.get(name)), None)
    return None


def is_text_part(value: Any) -> bool:
    """Whether the value is a text block of MCP or of the chat formats."""
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def reports_error(value: dict[str, Any]) -> bool:
    """Whether the envelope says that the tool failed: LangChain's `status`, MCP's and LlamaIndex's `isError`."""
    is_marked = value.get("isError") is True or value.get("is_error") is True
    return is_marked or (value.get("status") == "error" and "tool_call_id" in value)


def reported_error(value: dict[str, Any]) -> Any:
    """The failure's description in the envelope; None when it reports no failure."""
    texts = (value.get(name) for name in ("content", "raw_output", "blocks"))
    return next((text for text in texts if text), "tool_error") if reports_error(value) else None
