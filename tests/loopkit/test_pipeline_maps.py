"""The pipelines' modules draw their steps in order: the drawing names the calls that the function makes."""

from __future__ import annotations

import ast
import re

import pytest

from tests import ROOT

# Module and function of each pipeline, and the calls in it that give a step its values and do nothing else.
PIPELINES = {
    "telemetry/ingest.py": (
        "ingest",
        {
            "changes.pop",
            "bound_project",
            "bound_since",
            "unix_nano",
            "Batch",
            "Counter",
            "list",
        },
    ),
    "diagnosis/diagnose.py": ("diagnose", {"bind", "snapshot"}),
    "diagnosis/packets/publishing.py": ("publish", {"transaction.atomic"}),
    "diagnosis/loops/approval.py": (
        "record_decision",
        {"may_decide", "PermissionDenied", "transaction.atomic"},
    ),
    "diagnosis/handoff/reports.py": ("record_report", {"Trigger"}),
    "diagnosis/verification/verify.py": ("verify", {"lifecycle.WrongState", "bind", "VerificationAnswer"}),
    "diagnosis/verification/comparison.py": (
        "compare_with_baseline",
        {"ComparedWindow.from_document", "unix_nano", "choice.in_window", "replace", "ServiceOperation"},
    ),
    "diagnosis/issues/findings.py": (
        "read_findings",
        {"Findings", "current.records_by_operation.total", "current.failures_by_cluster.total", "len"},
    ),
}


def drawn(tree: ast.Module) -> list[str]:
    """The steps of the drawing: the names in the indented lines with arrows of the module's docstring."""
    drawing = re.findall(r"^    .*$", ast.get_docstring(tree) or "", re.MULTILINE)
    return re.findall(r"[\w.]+", "".join(line for line in drawing if re.search(r"->| \| ", line)))


def called(tree: ast.Module, function: str) -> list[str]:
    """The names of all calls in the function, in the order of the text."""
    [found] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    calls = [node for node in ast.walk(found) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [ast.unparse(call.func) for call in calls]


@pytest.mark.parametrize("path", PIPELINES)
def test_a_drawing_names_the_steps_of_its_pipeline_in_order(path: str) -> None:
    function, not_steps = PIPELINES[path]
    tree = ast.parse((ROOT / path).read_text())

    steps = [name for name in called(tree, function) if name not in not_steps]

    assert drawn(tree) == steps


@pytest.mark.parametrize("path", PIPELINES)
def test_what_counts_as_no_step_is_called_there(path: str) -> None:
    function, not_steps = PIPELINES[path]

    assert not_steps <= set(called(ast.parse((ROOT / path).read_text()), function))
