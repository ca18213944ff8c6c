"""
The bundle as files: all that is needed to open the issue, make the change and run the eval, without LoopKit at hand.

The same bundle gives the same bytes: times, order and rights in the archive are fixed.
https://docs.python.org/3/library/zipfile.html#zipinfo-objects
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import orjson

from diagnosis.evals import formats
from diagnosis.handoff import bundle

MEDIA_TYPE = "application/zip"
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the first moment that the format knows
READABLE = 0o644 << 16
PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def archive(data: dict[str, Any]) -> bytes:
    """The bundle's files in a zip."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for name, content in sorted(files(data).items()):
            info = zipfile.ZipInfo(name, BEGINNING)
            info.create_system, info.external_attr, info.compress_type = 3, READABLE, zipfile.ZIP_DEFLATED
            zipped.writestr(info, content)
    return packed.getvalue()


def files(data: dict[str, Any]) -> dict[str, bytes]:
    """Each file's content by its name."""
    separate = ("patch_plan", "evidence", "eval_candidate", "new_issue_links", "ok")
    found = {
        "issue.md": bundle.markdown(data).encode(),
        "loop.json": orjson.dumps({k: v for k, v in data.items() if k not in separate}, option=PRETTY),
        "patch_plan.json": orjson.dumps(data["patch_plan"], option=PRETTY),
        "evidence.jsonl": b"".join(
            orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in data["evidence"]
        ),
        "new_issue_links.md": issue_links(data).encode(),
    }
    found |= eval_files(data["eval_candidate"])
    return found | {"README.md": readme(sorted(found), data["eval_candidate"]).encode()}


def eval_files(document: dict[str, Any]) -> dict[str, bytes]:
    """The eval in every form that is offered of it."""
    forms = formats.offered(document).values()
    return {f"evals/{form.file_name(document['eval_id'])}": form.render(document) for form in forms}


def issue_links(data: dict[str, Any]) -> str:
    """For a human to click; each opens the tracker's own form, and nothing is sent before that."""
    links = [f"- [New issue in {one['tracker']}]({one['url']})" for one in data["new_issue_links"]]
    return "\n".join(
        ["# New issue", "", *(links or ["No tracker is set for this project; paste issue.md."]), ""]
    )


def readme(names: list[str], document: dict[str, Any]) -> str:
    """What each file is, and which form of the eval is left out, with the reason."""
    forms = ", ".join(form.ABOUT for form in formats.offered(document).values())
    left_out = [f"  No {name} file: {why}" for name, why in formats.left_out(document).items()]
    said = [
        "# Handoff of a LoopKit loop, approved by a human",
        "",
        bundle.WARNING,
        "",
        "- issue.md: the issue with plan and evidence, to read or to paste; what it quotes is made harmless",
        "- loop.json: the loop with its issue and who approved it; next_action says what to do",
        "- patch_plan.json: the steps",
        "- evidence.jsonl: one stored record a line, as it was sent",
        f"- evals/: the eval as {forms}",
        *left_out,
        "- new_issue_links.md: links for a human",
        "",
        "Files: " + ", ".join(names),
        "",
    ]
    return "\n".join(said)
