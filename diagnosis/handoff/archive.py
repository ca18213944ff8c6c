"""
The bundle as a zip: everything needed to open the issue, make the change and run the eval without access to LoopKit.

The same bundle gives the same bytes: times, order and permissions in the archive are fixed.
https://docs.python.org/3/library/zipfile.html#zipinfo-objects
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import orjson

from diagnosis.display.visible_json import visible_json
from diagnosis.evals import formats
from diagnosis.handoff import bundle
from diagnosis.models import Tracker
from loopkit.http.untrusted import WARNING

MEDIA_TYPE = "application/zip"
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest time of the format
READABLE = 0o644 << 16
PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
WARNED = {"warning": WARNING}  # first in each JSON file


def archive(data: dict[str, Any]) -> bytes:
    """The bundle's files as a zip."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zip_file:
        for name, content in sorted(files(data).items()):
            info = zipfile.ZipInfo(name, BEGINNING)
            info.create_system, info.external_attr, info.compress_type = 3, READABLE, zipfile.ZIP_DEFLATED
            zip_file.writestr(info, content)
    return buffer.getvalue()


def files(data: dict[str, Any]) -> dict[str, bytes]:
    """The contents of the files by name."""
    separate = ("patch_plan", "evidence", "eval_candidate", "new_issue_links", "ok")
    contents = {
        "issue.md": bundle.bundle_markdown(data).encode(),
        "loop.json": pretty({name: value for name, value in data.items() if name not in separate}),
        "patch_plan.json": pretty(data["patch_plan"]),
        "evidence.jsonl": b"".join(json_line(record) for record in data["evidence"]),
        "new_issue_links.md": issue_links(data).encode(),
    }
    contents |= eval_files(data["eval_candidate"])
    return contents | {"README.md": readme(sorted(contents), data["eval_candidate"]).encode()}


def pretty(document: dict[str, Any]) -> bytes:
    """A JSON file for people, with hidden characters shown by their numbers."""
    return visible_json(orjson.dumps(WARNED | document, option=PRETTY))


def json_line(record: dict[str, Any]) -> bytes:
    """A line of a JSONL file, which has no line end in it for any reader, with hidden characters by their numbers."""
    return visible_json(orjson.dumps(WARNED | record)) + b"\n"


def eval_files(document: dict[str, Any]) -> dict[str, bytes]:
    """The eval as a file in each form that is offered of it, by name."""
    forms = formats.offered_formats(document).values()
    return {f"evals/{form.file_name(document['eval_id'])}": form.render(document) for form in forms}


def issue_links(data: dict[str, Any]) -> str:
    """The links for a human to click, as Markdown; each opens the tracker's own form, which the human submits."""
    links = [
        f"- [New issue in {Tracker.Kind(link['tracker']).label}]({link['url']})"
        for link in data["new_issue_links"]
    ]
    return "\n".join(
        [
            f"> {WARNING}",
            "",
            "# New issue",
            "",
            *(links or ["No tracker is set for this project; paste issue.md."]),
            "",
        ]
    )


def readme(names: list[str], document: dict[str, Any]) -> str:
    """A description of each file, and of each form of the eval that is left out, with the reason."""
    forms = ", ".join(form.ABOUT for form in formats.offered_formats(document).values())
    left_out = [f"  No {name} file: {why}" for name, why in formats.left_out(document).items()]
    lines = [
        f"> {WARNING}",
        "",
        "# Handoff of a LoopKit loop, approved by a human",
        "",
        "- issue.md: the issue with plan and evidence, to read or to paste; telemetry is in code, unchanged",
        "- loop.json: the loop with its issue and who approved it; next_action says what to do",
        "- patch_plan.json: the steps; for each {name} in a sentence, `with` beside it has the value, untrusted",
        "- evidence.jsonl: one stored record a line",
        f"- evals/: the eval as {forms}",
        *left_out,
        "- new_issue_links.md: links for a human",
        "",
        "Files: " + ", ".join(f"`{name}`" for name in names),
        "",
    ]
    return "\n".join(lines)
